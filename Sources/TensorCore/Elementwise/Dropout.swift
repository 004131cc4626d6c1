/// Dropout (Srivastava et al. 2014): in training, each element is set to 0 with probability p,
/// and multiplied by 1 / (1 - p) otherwise.
public struct Dropout: Sendable {
  /// p, from 0 to below 1.
  public let probability: Float
  /// Distinguishes this layer's draws from those of others.
  private let layer: UInt64

  /// A layer whose draws depend on its name in the model.
  public init(probability: Float, name: String) {
    precondition(probability >= 0 && probability < 1, "\(probability) is not a dropout probability")
    self.probability = probability
    layer = SplitMix64.state(seed: 0, name: name)
  }

  /// The draws of a training step. Dropout does nothing unless they are current.
  public struct Draws: Sendable {
    /// The current draws; nil outside training.
    @TaskLocal public static var current: Draws?
    let seed: UInt64
    let firstExample: Int

    /// The draws for a batch whose first picture is number `firstExample` of a run with `seed`. They depend on a
    /// picture's number, not on its batch.
    public init(seed: UInt64, firstExample: Int) { (self.seed, self.firstExample) = (seed, firstExample) }
  }

  /// `[N, …]` → the same shape; outside training, the input itself.
  public func callAsFunction(_ input: FusedInput) -> FusedInput {
    guard probability > 0, let draws = Draws.current else { return input }
    let x = input.tensor()
    let mask = DropoutMask(probability: probability, seed: draws.seed ^ layer, firstExample: draws.firstExample)
    return FusedInput(mask.applied(to: x).recorded(x.recordedName != nil, as: .dropout(x.recordedName, mask: mask)))
  }
}

/// The factors of a batch's elements in a dropout layer, redrawn whenever the mask is applied.
struct DropoutMask: Sendable {
  let probability: Float
  let seed: UInt64
  let firstExample: Int

  /// Each element of `x`, `[N, …]`, multiplied by 0 or 1 / (1 - p).
  func applied(to x: Tensor) -> Tensor {
    let perExample = x.count / max(1, x.shape[0])
    let factor = 1 / (1 - probability)
    // An element is dropped if the upper half of its random number is below p.
    let limit = UInt32(min(Double(probability) * 0x1p32, Double(UInt32.max)))
    return x.withUnsafePointer { source in
      Tensor(x.shape) { out in
        ThreadPool.shared.forEach(x.shape[0]) { n in
          let start = Self.mix(seed ^ Self.mix(UInt64(firstExample + n)))
          for i in n * perExample..<(n + 1) * perExample {
            let draw = UInt32(truncatingIfNeeded: Self.mix(start &+ UInt64(i - n * perExample)) >> 32)
            out[i] = draw < limit ? 0 : source[i] * factor
          }
        }
      }
    }
  }

  private static func mix(_ state: UInt64) -> UInt64 { SplitMix64.number(state &+ SplitMix64.increment) }
}
