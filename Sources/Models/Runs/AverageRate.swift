import DiffusionPlatform

/// How much of an exponential moving average each step keeps: its rate, up to which it may warm up.
///
/// A constant rate of 0.9999 leaves 98.5 % of an average as it began, with random weights, after 150 steps. So the
/// rate of the step after s others is min(rate, (1 + s) / (10 + s)), as in TensorFlow's `ExponentialMovingAverage`: the
/// first keeps a tenth. The original's is constant.
public struct AverageRate: Sendable, Equatable {
  /// The rate, in [0, 1).
  public let rate: Double
  /// Whether the rate of early steps is lower.
  public let warmsUp: Bool

  /// Creates the rate of an average.
  public init(_ rate: Double, warmsUp: Bool) { (self.rate, self.warmsUp) = (rate, warmsUp) }

  /// The fraction that the step after `steps` others keeps.
  public func kept(after steps: Int) -> Double {
    warmsUp ? min(rate, Double(1 + steps) / Double(10 + steps)) : rate
  }

  /// The share that the weights it began with still have in it after `steps` steps; 0 for what is next to nothing.
  public func shareOfFirstWeights(after steps: Int) -> Double {
    var (share, step) = (1.0, 0)
    while step < steps, kept(after: step) < rate {
      share *= kept(after: step)
      step += 1
      // Some hundred steps of any rate: a file may claim billions of them.
      if share < 1e-12 { return 0 }
    }
    return share * pow(rate, Double(steps - step))
  }

  /// Whether the weights it began with have but a hundredth of it left after `steps` steps, so that it can be drawn
  /// with.
  public func isFounded(after steps: Int) -> Bool { shareOfFirstWeights(after: steps) <= 0.01 }
}
