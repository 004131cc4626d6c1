import TensorCore

/// EDM's preconditioning (Karras et al. 2022, table 1): x̂₀ = c_skip·x + c_out·F with c_skip = σ_d² / (σ² + σ_d²) and
/// c_out = σ·σ_d / √(σ² + σ_d²).
public struct EDMParameterization: Parameterization {
  /// `"edm"`.
  public let name = "edm"
  /// σ_d, the standard deviation of the images.
  public let sigmaData: Double

  /// Creates the parameterization.
  public init(sigmaData: Double = 0.5) { self.sigmaData = sigmaData }

  /// c_skip·x + c_out·F.
  public func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor {
    let sum = level.sigma * level.sigma + sigmaData * sigmaData
    let (skip, out) = (Float(sigmaData * sigmaData / sum), Float(level.sigma * sigmaData / sum.squareRoot()))
    return x.zip(output) { skip * $0 + out * $1 }
  }
}

/// Consistency models' preconditioning (Song et al. 2023, appendix C), by which x̂₀ is x at σmin: c_skip = σ_d² / ((σ -
/// σmin)² + σ_d²), c_out = (σ - σmin)·σ_d / √(σ² + σ_d²).
public struct ConsistencyParameterization: Parameterization {
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

  /// c_skip·x + c_out·F.
  public func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor {
    let (above, variance) = (level.sigma - sigmaMin, sigmaData * sigmaData)
    let skip = Float(variance / (above * above + variance))
    let out = Float(above * sigmaData / (level.sigma * level.sigma + variance).squareRoot())
    return x.zip(output) { skip * $0 + out * $1 }
  }
}

/// The velocity of a straight flow x = (1 - σ)·x₀ + σ·ε: x̂₀ = x + σ·F where the network predicts F = x₀ - ε, or x - σ·F
/// where it predicts ε - x₀ (Lipman et al. 2023; Liu et al. 2023).
public struct FlowParameterization: Parameterization {
  /// `"velocity"`.
  public let name = "velocity"
  /// 1 where the network predicts x₀ - ε, -1 where it predicts ε - x₀.
  public let sign: Double

  /// Creates the parameterization.
  public init(sign: Double) { self.sign = sign }

  /// x ± σ·F.
  public func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor {
    let factor = Float(sign * level.sigma)
    return x.zip(output) { $0 + factor * $1 }
  }
}
