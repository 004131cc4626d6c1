import DiffusionPlatform

/// The pairs of noise levels that consistency tuning compares, and the weight of a pair (Geng et al. 2025, "Consistency
/// Models Made Easy", whose method is ECT).
///
/// σ = t is log-normal. r = t·(1 - n(t) / 2^(s + 1)) with n(t) = 1 + 8 / (1 + e^t), and 0 where that is below the
/// process's levels: in the first stage, s = 0, a network learns what a denoiser does below t = ln 7, and from stage to
/// stage the gap between r and t halves.
public struct ConsistencySchedule: Sendable, Equatable {
  /// The steps of a stage.
  public let stageSteps: Int
  /// The levels that the process has.
  public let range: ClosedRange<Double>
  /// The mean and the standard deviation of ln t.
  static let (mean, deviation) = (-1.1, 2.0)
  /// The standard deviation of images, σ_d.
  static let sigmaData = 0.5

  /// - Parameters:
  ///   - stageSteps: the steps of a stage, at least 1.
  ///   - range: the levels that the process has.
  public init(stageSteps: Int, range: ClosedRange<Double>) { (self.stageSteps, self.range) = (stageSteps, range) }

  /// t for a uniform number in [0, 1).
  public func level(_ uniform: Double) -> Double {
    let t = exp(Self.mean + Self.deviation * normalQuantile(uniform))
    return min(max(t, range.lowerBound), range.upperBound)
  }

  /// r for t in training step `step`; 0 if it is below the process's levels.
  public func target(of t: Double, step: Int) -> Double {
    // From there on r is t, but for rounding.
    let stage = min(step / stageSteps, 50)
    let r = t * (1 - (1 + 8 / (1 + exp(t))) / Double(1 << (stage + 1)))
    return r < range.lowerBound ? 0 : r
  }

  /// The weight of the distance at t, of a network by whose output x̂₀ changes by `factor`.
  ///
  /// ECT has 1/t² + 1/σ_d² for a network in EDM's preconditioning, where this factor is c_out = t·σ_d / √(t² + σ_d²).
  /// Other networks get the weight by which the gradient of their output is the same: √(1/t² + 1/σ_d²) / |factor|.
  public func weight(_ t: Double, factor: Double) -> Double {
    (1 / (t * t) + 1 / (Self.sigmaData * Self.sigmaData)).squareRoot() / abs(factor)
  }
}

/// The number below which a standard normal one lies with probability `p`, within ±8.
func normalQuantile(_ p: Double) -> Double {
  var (low, high) = (-8.0, 8.0)
  for _ in 0..<60 {
    let middle = (low + high) / 2
    if 0.5 * erfc(-middle / 2.0.squareRoot()) < p { low = middle } else { high = middle }
  }
  return (low + high) / 2
}
