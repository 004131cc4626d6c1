/// A sampler's way through the noise levels of a process.
public struct ResamplingSchedule: Sendable, Equatable {
  /// The levels in the order in which they are reached, by the steps that denoise them, the first being where it
  /// starts; the last is -1, the picture without noise. Each is one below the one before it, or higher by a jump.
  public let levels: [Int]

  /// Straight down the last `steps` ≥ 1 steps of a process.
  public init(steps: Int) {
    self.init(steps: steps, jumpLength: steps, jumpCount: 1)
  }

  /// Down the last `steps` ≥ 1 steps of a process, but each stretch of `jumpLength` ≥ 1 of them `jumpCount` ≥ 1 times,
  /// with jumps back between (Lugmayr et al. 2022, "RePaint", §4.2: j and r; `get_schedule_jump` of its code). What is
  /// left over at the noisiest end, up to `jumpLength` steps, is gone through once.
  public init(steps: Int, jumpLength: Int, jumpCount: Int) {
    precondition(
      steps >= 1 && jumpLength >= 1 && jumpCount >= 1,
      "\(steps) steps cannot be gone through with \(jumpCount) jumps of \(jumpLength)")
    var levels = [steps - 1]
    for level in (-1..<steps - 1).reversed() {
      levels.append(level)
      guard level >= 0, level % jumpLength == 0, level < steps - jumpLength else { continue }
      for _ in 1..<jumpCount { levels += (level...level + jumpLength).reversed() }
    }
    self.levels = levels
  }

  /// The steps that are denoised, in this order.
  public var steps: [Int] { zip(levels, levels.dropFirst()).filter { $0.0 > $0.1 }.map(\.0) }

  /// The lengths of the stretches between jumps, in steps; the last one ends without noise.
  public var stretches: [Int] {
    var lengths = [0]
    for (level, next) in zip(levels, levels.dropFirst()) {
      if next > level { lengths.append(0) } else { lengths[lengths.count - 1] += 1 }
    }
    return lengths
  }
}
