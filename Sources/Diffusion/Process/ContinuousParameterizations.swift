import TensorCore

/// A parameterization in which x̂₀ is a sum of x and the network's output, each times a factor of the level.
public protocol AffineParameterization: Parameterization {
  /// The factors of x and of the output in x̂₀.
  func coefficients(at level: NoiseLevel) -> (ofX: Double, ofOutput: Double)
}

extension AffineParameterization {
  /// The sum in float32, with both factors rounded once.
  public func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor {
    let coefficients = coefficients(at: level)
    let (ofX, ofOutput) = (Float(coefficients.ofX), Float(coefficients.ofOutput))
    return x.zip(output) { ofX * $0 + ofOutput * $1 }
  }
}

/// EDM's preconditioning (Karras et al. 2022, table 1): x̂₀ = c_skip·x + c_out·F with c_skip = σ_d² / (σ² + σ_d²) and
/// c_out = σ·σ_d / √(σ² + σ_d²).
public struct EDMParameterization: AffineParameterization {
  /// `"edm"`.
  public let name = "edm"
  /// σ_d, the standard deviation of the images.
  public let sigmaData: Double

  /// Creates the parameterization.
  public init(sigmaData: Double = 0.5) { self.sigmaData = sigmaData }

  /// c_skip and c_out.
  public func coefficients(at level: NoiseLevel) -> (ofX: Double, ofOutput: Double) {
    let sum = level.sigma * level.sigma + sigmaData * sigmaData
    return (sigmaData * sigmaData / sum, level.sigma * sigmaData / sum.squareRoot())
  }
}

/// Consistency models' preconditioning (Song et al. 2023, appendix C), by which x̂₀ is x at σmin: c_skip = σ_d² / ((σ -
/// σmin)² + σ_d²), c_out = (σ - σmin)·σ_d / √(σ² + σ_d²).
public struct ConsistencyParameterization: AffineParameterization {
  /// `"consistency"`.
  public let name = "consistency"
  /// σ_d, the standard deviation of the images.
  public let sigmaData: Double
  /// σmin, the least noise.
  public let sigmaMin: Double

  /// Creates the parameterization.
  public init(sigmaData: Double = 0.5, sigmaMin: Double = 0.002) {
    (self.sigmaData, self.sigmaMin) = (sigmaData, sigmaMin)
  }

  /// c_skip and c_out.
  public func coefficients(at level: NoiseLevel) -> (ofX: Double, ofOutput: Double) {
    let (above, variance) = (level.sigma - sigmaMin, sigmaData * sigmaData)
    return (
      variance / (above * above + variance), above * sigmaData / (level.sigma * level.sigma + variance).squareRoot()
    )
  }
}

/// The direction of a straight line from x to x̂₀: x̂₀ = x ± σ·F. Of a flow x = (1 - σ)·x₀ + σ·ε that is the velocity,
/// x₀ - ε or ε - x₀ (Lipman et al. 2023; Liu et al. 2023); of x = x₀ + σ·ε the noise, ε or -ε (Karras et al. 2022,
/// table 1, "VP" and "VE").
public struct StraightParameterization: AffineParameterization {
  /// `"straight"`.
  public let name = "straight"
  /// 1 where the network predicts the way to the image, -1 where it predicts that to the noise.
  public let sign: Double

  /// Creates the parameterization.
  public init(sign: Double) { self.sign = sign }

  /// 1 and ±σ.
  public func coefficients(at level: NoiseLevel) -> (ofX: Double, ofOutput: Double) { (1, sign * level.sigma) }
}

/// The score F = ∇ log p of images in 0 to 1 with noise of σ / 2: x̂₀ = x + σ²·F / 2 in -1 to 1, by Tweedie's formula
/// (Song et al. 2021, "Score-Based Generative Modeling through SDEs").
public struct ScoreParameterization: AffineParameterization {
  /// `"score"`.
  public let name = "score"

  /// Creates the parameterization.
  public init() {}

  /// 1 and σ² / 2.
  public func coefficients(at level: NoiseLevel) -> (ofX: Double, ofOutput: Double) {
    (1, level.sigma * level.sigma / 2)
  }
}
