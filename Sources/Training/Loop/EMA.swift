import DiffusionModels
import TensorCore

/// An exponential moving average of a model's parameters, which gives better samples than the raw parameters
/// (`ema_rate` in the original).
public struct EMA: Sendable {
  /// The fraction of the average that a step keeps.
  public let rate: AverageRate
  /// The steps that it has followed.
  public internal(set) var steps = 0
  /// The average of each variable, of the variable's shape.
  public internal(set) var values: [Tensor]

  /// Creates an average that starts at the values of the variables.
  public init(of variables: [Variable], rate: AverageRate) {
    self.rate = rate
    // Copied now, because the first step would allocate them wherever activations have just been.
    values = variables.map { $0.value.copied() }
  }

  /// Moves the average one step towards the variables, the ones it was created with.
  public mutating func follow(_ variables: [Variable]) {
    let kept = rate.kept(after: steps)
    for (i, variable) in variables.enumerated() { values[i].follow(variable.value, rate: kept) }
    steps += 1
  }

  /// Whether it can be drawn with: nearly nothing is left of the values that it began with.
  public var isFounded: Bool { rate.isFounded(after: steps) }
}
