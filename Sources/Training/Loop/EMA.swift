import TensorCore

/// An exponential moving average of a model's parameters, which gives better samples than the raw parameters
/// (`ema_rate` in the original).
public struct EMA: Sendable {
  /// The fraction of the average that each step keeps, for instance 0.9999.
  public let rate: Double
  /// The average of each variable, of the variable's shape.
  public internal(set) var values: [Tensor]

  /// Creates an average that starts at the values of the variables.
  public init(of variables: [Variable], rate: Double) {
    self.rate = rate
    // Copied now, because the first step would allocate them wherever activations have just been.
    values = variables.map { $0.value.copied() }
  }

  /// Moves the average one step towards the variables, the ones it was created with.
  public mutating func follow(_ variables: [Variable]) {
    for (i, variable) in variables.enumerated() { values[i].follow(variable.value, rate: rate) }
  }
}
