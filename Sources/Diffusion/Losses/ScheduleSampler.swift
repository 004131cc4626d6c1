import TensorCore

/// Which steps training visits, and how much each visit counts, so that the expected loss is that of uniform steps
/// (`ScheduleSampler` of the original).
///
/// A training example has a number, its position, counted from the first of the training run. Its step depends on the
/// seed, its position and the sampler's `probabilities` alone, so that it does not matter how a batch is divided, and a
/// run can go on from a checkpoint.
///
/// The number u in [0, 1) of a position is ⌊(w₁ · 2³² + w₀) / 2¹¹⌋ / 2⁵³, of the first words of the Philox block with
/// the key (seed mod 2³², ⌊seed / 2³²⌋) and the counter (0, 2³² - 4, position mod 2³², ⌊position / 2³²⌋): a draw number
/// near that of an image's class (`PhiloxNoise`), which no noise has. The step is the first that brings the sum of the
/// probabilities above u.
public protocol ScheduleSampler: Sendable {
  /// The seed of the draws.
  var seed: UInt64 { get }

  /// The probability of each step, `[T]`: above 0, adding up to 1.
  var probabilities: [Double] { get }

  /// Learns from what the model lost: the unweighted losses of training examples, in the order of their positions, and
  /// their steps, in `0 ..< T`.
  mutating func update(steps: [Int], losses: [Float])

  /// What it has learnt, for a checkpoint: tensors under names of its own, the same names and shapes after every step.
  var state: [(name: String, tensor: Tensor)] { get }

  /// Goes on from the `state` of a sampler that was made with the same arguments.
  ///
  /// - Throws: `ScheduleSamplerError` for one that no such sampler has; this one stays as it is then.
  mutating func restore(_ state: [(name: String, tensor: Tensor)]) throws(ScheduleSamplerError)
}

extension ScheduleSampler {
  /// Nothing is learnt.
  public var state: [(name: String, tensor: Tensor)] { [] }

  /// Nothing was learnt.
  public mutating func restore(_ state: [(name: String, tensor: Tensor)]) throws(ScheduleSamplerError) {}

  /// Draws the steps of the training examples at `positions` (each at least 0), in `0 ..< T`, and the weights that
  /// their losses are to be multiplied by, 1 / (T·p) with p the step's probability.
  public func sample(positions: some Sequence<Int>) -> (steps: [Int], weights: [Float]) {
    let probabilities = probabilities
    var sum = 0.0
    let cumulative = probabilities.map { probability in
      sum += probability
      return sum
    }
    let steps = positions.map { position in
      // The sum is 1 but for rounding.
      let u = PhiloxNoise.scheduleUniform(seed: seed, position: position) * sum
      return min(Self.first(of: cumulative, above: u), cumulative.count - 1)
    }
    return (steps, steps.map { Float(1 / (Double(probabilities.count) * probabilities[$0])) })
  }

  /// The index of the first of ascending `values` above `u`; their count if there is none.
  private static func first(of values: [Double], above u: Double) -> Int {
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] > u { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// All steps alike; every weight is 1.
public struct UniformSampler: ScheduleSampler {
  /// The seed of the draws.
  public let seed: UInt64
  /// 1 / T for each step, `[T]`.
  public let probabilities: [Double]

  /// A sampler of the steps `0 ..< steps`.
  public init(seed: UInt64, steps: Int) {
    precondition(steps > 0, "there is no step to draw")
    self.seed = seed
    probabilities = [Double](repeating: 1 / Double(steps), count: steps)
  }

  /// There is nothing to learn.
  public func update(steps: [Int], losses: [Float]) {}
}
