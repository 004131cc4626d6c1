import TensorCore

/// An exponential moving average of a model's parameters, which draws better than they do (`ema_rate` of the original).
public struct EMA: Sendable {
  /// The share of the average that each step keeps, for instance 0.9999.
  public let rate: Double
  /// Of each variable, of its shape.
  public internal(set) var values: [Tensor]

  /// An average that starts as the variables are.
  public init(of variables: [Variable], rate: Double) {
    self.rate = rate
    // Not shared until the first step, which would put them wherever activations have just been.
    values = variables.map { $0.value.copied() }
  }

  /// Goes a step towards the variables, the same as at the start.
  public mutating func follow(_ variables: [Variable]) {
    for (i, variable) in variables.enumerated() { values[i].follow(variable.value, rate: rate) }
  }
}
