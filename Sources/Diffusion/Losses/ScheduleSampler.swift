import TensorCore

/// Chooses the steps to train on and weights their losses so that the expected loss is that of uniform steps
/// (`ScheduleSampler` in the original).
///
/// A training example is numbered by its position, counted from the start of the training run. Its step depends only on
/// the seed, its position and the sampler's `probabilities`, so batches can be split in any way and a run can resume
/// from a checkpoint.
///
/// A position's number u in [0, 1) is ⌊(w₁ · 2³² + w₀) / 2¹¹⌋ / 2⁵³, where w₀ and w₁ are the first words of the Philox
/// block with the key (seed mod 2³², ⌊seed / 2³²⌋) and the counter (0, 2³² - 4, position mod 2³², ⌊position / 2³²⌋).
/// The draw number 2³² - 4 is near that of an image's class (`PhiloxNoise`) and never used for noise. The step is the
/// first at which the cumulative probability exceeds u.
public protocol ScheduleSampler: Sendable {
  /// The random seed.
  var seed: UInt64 { get }

  /// The probability of each step, `[T]`: above 0, summing to 1.
  var probabilities: [Double] { get }

  /// Learns from the unweighted losses of training examples, in the order of their positions, at their steps, in
  /// `0 ..< T`.
  mutating func update(steps: [Int], losses: [Float])

  /// The learned state, for a checkpoint: named tensors, with the same names and shapes after every step.
  var state: [(name: String, tensor: Tensor)] { get }

  /// Restores the `state` of a sampler created with the same arguments.
  ///
  /// - Throws: `ScheduleSamplerError` if no such sampler could have this state; this sampler is then unchanged.
  mutating func restore(_ state: [(name: String, tensor: Tensor)]) throws(ScheduleSamplerError)
}

extension ScheduleSampler {
  /// Empty, as nothing is learned.
  public var state: [(name: String, tensor: Tensor)] { [] }

  /// Does nothing, as there is no state.
  public mutating func restore(_ state: [(name: String, tensor: Tensor)]) throws(ScheduleSamplerError) {}

  /// Draws a step in `0 ..< T` for each training example in `positions` (each at least 0). The weights, 1 / (T·p) with
  /// p the step's probability, multiply their losses.
  public func sample(positions: some Sequence<Int>) -> (steps: [Int], weights: [Float]) {
    let probabilities = probabilities
    var sum = 0.0
    let cumulative = probabilities.map { probability in
      sum += probability
      return sum
    }
    let steps = positions.map { position in
      // The sum is 1 up to rounding.
      let u = PhiloxNoise.scheduleUniform(seed: seed, position: position) * sum
      return min(Self.first(of: cumulative, above: u), cumulative.count - 1)
    }
    return (steps, steps.map { Float(1 / (Double(probabilities.count) * probabilities[$0])) })
  }

  /// The index of the first of the ascending `values` above `u`, or their count if there is none.
  private static func first(of values: [Double], above u: Double) -> Int {
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] > u { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Samples all steps with equal probability; every weight is 1.
public struct UniformSampler: ScheduleSampler {
  /// The random seed.
  public let seed: UInt64
  /// 1 / T for each step, `[T]`.
  public let probabilities: [Double]

  /// Creates a sampler of the steps `0 ..< steps`.
  public init(seed: UInt64, steps: Int) {
    precondition(steps > 0, "there is no step to draw")
    self.seed = seed
    probabilities = [Double](repeating: 1 / Double(steps), count: steps)
  }

  /// Does nothing, as there is nothing to learn.
  public func update(steps: [Int], losses: [Float]) {}
}
