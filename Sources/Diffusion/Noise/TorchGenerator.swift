import DiffusionPlatform

/// PyTorch's random numbers on a CPU after `torch.manual_seed`: the Mersenne Twister MT19937 (Matsumoto &
/// Nishimura 1998) and PyTorch's conversions to uniform, normal and integer numbers.
public struct TorchGenerator: Sendable {
  private var state: [UInt32]
  private var index = 624
  /// The second normal of a pair, kept for the next draw of fewer than 16.
  private var spareNormal: Double?

  /// Creates the generator as after `torch.manual_seed(seed)`, which uses the low 32 bits of the seed.
  public init(seed: UInt64) {
    state = [UInt32(truncatingIfNeeded: seed)]
    for i in 1..<624 {
      let last = state[i - 1]
      state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(i))
    }
  }

  /// `torch.rand(count)`: uniform in [0, 1), with 24 bits.
  public mutating func rand(_ count: Int) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(uniform()) }
    return values
  }

  /// `torch.randint(low, high, (count,))` for ranges below 2³².
  public mutating func randint(_ low: Int, _ high: Int, _ count: Int) -> [Int] {
    precondition(low < high && high - low <= Int(UInt32.max), "no integers are drawn from \(low)..<\(high)")
    return (0..<count).map { _ in low + Int(next() % UInt32(high - low)) }
  }

  /// `torch.randn(count)`: standard normal.
  public mutating func randn(_ count: Int) -> [Float] {
    if count < 16 { return (0..<count).map { _ in Float(normal()) } }
    // Draws all uniforms first, then turns each run of 16 into 8 pairs of normals. If a remainder is left, the last 16
    // are drawn again as a full run.
    var values = rand(count)
    for first in stride(from: 0, through: count - 16, by: 16) { makeNormal(&values, first) }
    if count % 16 != 0 {
      for i in count - 16..<count { values[i] = uniform() }
      makeNormal(&values, count - 16)
    }
    return values
  }

  /// `torch.randn(count, dtype=torch.float64)`: standard normal.
  public mutating func randnDouble(_ count: Int) -> [Double] {
    if count < 16 { return (0..<count).map { _ in normal() } }
    // As in float32.
    var values = (0..<count).map { _ in uniformDouble() }
    for first in stride(from: 0, through: count - 16, by: 16) { Self.makeNormal(&values, first) }
    if count % 16 != 0 {
      for i in count - 16..<count { values[i] = uniformDouble() }
      Self.makeNormal(&values, count - 16)
    }
    return values
  }

  private static func makeNormal(_ values: inout [Double], _ first: Int) {
    for j in first..<first + 8 {
      let radius = (-2 * log(1 - values[j])).squareRoot()
      let angle = 2 * Double.pi * values[j + 8]
      values[j] = radius * cos(angle)
      values[j + 8] = radius * sin(angle)
    }
  }

  /// Box & Muller 1958, applied to elements j and j + 8 of a run of 16.
  private func makeNormal(_ values: inout [Float], _ first: Int) {
    for j in first..<first + 8 {
      let u = 1 - values[j]
      let radius = (-2 * logf(u)).squareRoot()
      // Float.pi is rounded towards zero, PyTorch's π to nearest.
      let angle = Float(2 * Double.pi) * values[j + 8]
      values[j] = radius * cosf(angle)
      values[j + 8] = radius * sinf(angle)
    }
  }

  /// One normal in float64; normals are computed in pairs.
  private mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    let (u, v) = (uniformDouble(), uniformDouble())
    let radius = (-2 * log1p(-v)).squareRoot()
    spareNormal = radius * sin(2 * .pi * u)
    return radius * cos(2 * .pi * u)
  }

  private mutating func uniform() -> Float { Float(next() & 0xFF_FFFF) * 0x1p-24 }

  private mutating func uniformDouble() -> Double {
    let (high, low) = (UInt64(next()), UInt64(next()))
    return Double((high << 32 | low) & (1 << 53 - 1)) * 0x1p-53
  }

  /// The next 32 bits of MT19937.
  private mutating func next() -> UInt32 {
    if index == 624 {
      for i in 0..<624 {
        let y = state[i] & 0x8000_0000 | state[(i + 1) % 624] & 0x7FFF_FFFF
        state[i] = state[(i + 397) % 624] ^ y >> 1 ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
      }
      index = 0
    }
    var y = state[index]
    index += 1
    y ^= y >> 11
    y ^= y << 7 & 0x9D2C_5680
    y ^= y << 15 & 0xEFC6_0000
    return y ^ y >> 18
  }
}
