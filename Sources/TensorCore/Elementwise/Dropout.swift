/// Dropout (Srivastava et al. 2014): in training, each element is set to 0 with probability p, and multiplied by 1 / (1 - p) otherwise.
public struct Dropout: Sendable {
  /// p, from 0 to below 1.
  public let probability: Float
  /// Tells one layer's draws from another's.
  private let layer: UInt64

  /// A layer with its name in the model, of which its draws are made.
  public init(probability: Float, name: String) {
    precondition(probability >= 0 && probability < 1, "\(probability) is no probability of dropping out")
    self.probability = probability
    layer = SplitMix64.state(seed: 0, name: name)
  }

  /// The draws of one training step: what is not current, drops nothing.
  public struct Draws: Sendable {
    /// What operations see; nil, as usual, outside of training.
    @TaskLocal public static var current: Draws?
    let seed: UInt64
    let firstExample: Int

    /// The draws for a batch whose first picture is number `firstExample` of a run with `seed`: those for a picture depend on its
    /// number, not on the batch.
    public init(seed: UInt64, firstExample: Int) { (self.seed, self.firstExample) = (seed, firstExample) }
  }

  /// `[N, …]` → the same shape; outside of training the input itself.
  public func callAsFunction(_ input: FusedInput) -> FusedInput {
    guard probability > 0, let draws = Draws.current else { return input }
    let x = input.tensor()
    let mask = DropoutMask(probability: probability, seed: draws.seed ^ layer, firstExample: draws.firstExample)
    return FusedInput(mask.applied(to: x).recorded(x.recordedName != nil, as: .dropout(x.recordedName, mask: mask)))
  }
}

/// What a dropout layer multiplies the elements of a batch by, drawn anew whenever it is applied.
public struct DropoutMask: Sendable {
  let probability: Float
  let seed: UInt64
  let firstExample: Int

  /// Each element of `x`, `[N, …]`, multiplied by 0 or 1 / (1 - p).
  package func applied(to x: Tensor) -> Tensor {
    let perExample = x.count / max(1, x.shape[0])
    let factor = 1 / (1 - probability)
    // An element is dropped where the upper half of its random number lies below p.
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
