import DiffusionPlatform
import TensorCore

/// New noise before each step, which the step then removes too (Karras et al. 2022, algorithm 2): it replaces errors
/// of earlier steps by noise that the network knows.
public struct Churn: Sendable, Hashable, Codable {
  /// S_churn, at least 0: how much noise is added over all steps; none at 0.
  public var amount: Double
  /// S_tmin: the least σ at which noise is added.
  public var sigmaMin: Double
  /// S_tmax: the largest; nil if there is no limit.
  public var sigmaMax: Double?
  /// S_noise: the standard deviation of the noise, above 1 to make up for detail that the network removes.
  public var noise: Double

  /// The paper's churn; by default at all levels, with noise of unit variance.
  public init(amount: Double, sigmaMin: Double = 0, sigmaMax: Double? = nil, noise: Double = 1) {
    (self.amount, self.sigmaMin, self.sigmaMax, self.noise) = (amount, sigmaMin, sigmaMax, noise)
  }

  /// σ̂ = σ + γ·σ, the level that noise is added up to before the step at `sigma`, one of `steps`.
  func raised(_ sigma: Double, steps: Int) -> Double {
    guard sigma >= sigmaMin, sigma <= sigmaMax ?? .infinity else { return sigma }
    return sigma * (1 + min(amount / Double(steps), 2.0.squareRoot() - 1))
  }
}

extension ContinuousProcess {
  /// The level from which the step at `i` starts, after `churn`, and the factor of the noise to add for it.
  func churned(_ i: Int, _ churn: Churn?) -> (level: NoiseLevel, added: Double) {
    let level = level(i)
    guard let churn else { return (level, 0) }
    let raised = diffusion.level(diffusion.nearest(churn.raised(sigmas[i], steps: count)))
    guard raised.sigma > level.sigma else { return (level, 0) }
    return (raised, (raised.sigma * raised.sigma - level.sigma * level.sigma).squareRoot() * churn.noise)
  }
}
