import DiffusionPlatform

/// The noise levels of a network trained in timesteps: x_t / √ᾱ has noise of σ = √((1 - ᾱ) / ᾱ), so that each σ up to
/// the last timestep's has a timestep, usually between two of those it was trained on.
public struct TimestepLevels: Sendable, Equatable {
  /// σ of each timestep, increasing.
  private let sigmas: [Double]
  /// The factor of timesteps in what the network is told.
  private let scale: Double
  /// The quantity that the network predicts.
  public let meanType: ModelMeanType

  /// Nil unless there are two timesteps, and σ is finite and differs at each.
  ///
  /// - Parameters:
  ///   - betas: β of each timestep.
  ///   - rescaleTimesteps: whether the network's timesteps are rescaled to run to 1000 for any T.
  ///   - meanType: the quantity that it predicts: x₀, ε or v.
  public init?(betas: [Double], rescaleTimesteps: Bool, meanType: ModelMeanType) {
    sigmas = cumulativeProducts(betas).map { ((1 - $0) / $0).squareRoot() }
    let logarithms = sigmas.map { log($0) }
    guard sigmas.count > 1, logarithms.allSatisfy(\.isFinite), zip(logarithms, logarithms.dropFirst()).allSatisfy(<)
    else { return nil }
    scale = rescaleTimesteps ? 1000 / Double(betas.count) : 1
    self.meanType = meanType
  }

  /// The least σ, and the largest.
  public var range: ClosedRange<Double> { sigmas[0]...sigmas[sigmas.count - 1] }

  /// What the network is told of `sigma`: its timestep, interpolated linearly in ln σ.
  public func conditioning(_ sigma: Double) -> Float { Float(scale * interpolatedTimestep(sigma, in: sigmas)) }
}

/// The timestep of `sigma`, interpolated linearly in ln σ between those with the levels `sigmas`, increasing; at least
/// 0, and at most the last.
func interpolatedTimestep(_ sigma: Double, in sigmas: [Double]) -> Double {
  let above = sigmas.firstIndex { $0 > sigma } ?? sigmas.count
  let below = min(max(above - 1, 0), sigmas.count - 2)
  let (low, high) = (log(sigmas[below]), log(sigmas[below + 1]))
  return Double(below) + min(max((log(sigma) - low) / (high - low), 0), 1)
}

/// What a network trained in timesteps predicts, for x = x₀ + σ·ε, of which it takes x / √(σ² + 1): x₀, ε, or v = (ε -
/// σ·x₀) / √(σ² + 1).
public struct TimestepParameterization: AffineParameterization {
  /// `"timestep"`.
  public let name = "timestep"
  /// The quantity that it predicts.
  public let meanType: ModelMeanType

  /// Creates the parameterization.
  public init(_ meanType: ModelMeanType) { self.meanType = meanType }

  /// x̂₀ = F, x - σ·F, or x / (σ² + 1) - σ·F / √(σ² + 1).
  public func coefficients(at level: NoiseLevel) -> (ofX: Double, ofOutput: Double) {
    let sum = level.sigma * level.sigma + 1
    return switch meanType {
    case .startX: (0, 1)
    case .epsilon: (1, -level.sigma)
    case .velocity: (1 / sum, -level.sigma / sum.squareRoot())
    case .previousX: preconditionFailure("no model predicts x_{t-1}")
    }
  }
}
