import TensorCore

/// `GaussianDiffusion` overrides what follows from levels alone with the original's tables, rounded to float32 where
/// the original rounds them, so that results agree with it to the last bit.
extension GaussianDiffusion: NoiseProcess {
  /// α = √ᾱ, σ = √(1 - ᾱ), and the timestep on the model's scale.
  public func level(_ i: Int) -> NoiseLevel {
    guard i >= 0 else { return .noiseless }
    return NoiseLevel(
      alpha: alphasCumprod[i].squareRoot(), sigma: (1 - alphasCumprod[i]).squareRoot(), conditioning: modelTimestep(i))
  }

  /// The timestep of the original process that step `i` is.
  public func timestep(_ i: Int) -> Double { timestepMap[i] }

  /// How x̂₀ follows from what the model predicts. With `ModelMeanType.previousX` it holds at this process's own levels
  /// only.
  public var parameterization: any Parameterization {
    switch meanType {
    case .epsilon: EpsilonParameterization()
    case .startX: XStartParameterization()
    case .previousX: PreviousXParameterization(process: self)
    }
  }

  /// Whether the model predicts the variance of a step.
  public var learnsVariance: Bool { varType.isLearned }

  /// x̂₀ from what the model predicts (`p_mean_variance` of the original, before clipping).
  public func xStart(from output: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    switch meanType {
    case .startX: return output
    case .epsilon: return xStart(epsilon: output, x, step: i)
    case .previousX:
      let a = Float(1 / posteriorMeanCoef1[i])
      let b = Float(posteriorMeanCoef2[i] / posteriorMeanCoef1[i])
      return output.zip(x) { a * $0 - b * $1 }
    }
  }

  /// x_t = √ᾱ·x₀ + √(1 - ᾱ)·ε (Ho et al. 2020, eq. 4), solved for x₀ (`_predict_xstart_from_eps` of the original).
  public func xStart(epsilon: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    let (a, b) = (sqrtRecipAlphasCumprod(i), sqrtRecipm1AlphasCumprod(i))
    return x.zip(epsilon) { a * $0 - b * $1 }
  }

  /// The same solved for ε (`_predict_eps_from_xstart` of the original).
  public func epsilon(xStart: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    let (a, b) = (sqrtRecipAlphasCumprod(i), sqrtRecipm1AlphasCumprod(i))
    return x.zip(xStart) { (a * $0 - $1) / b }
  }

  /// √(ᾱj / ᾱi)·x_i + √(1 - ᾱj / ᾱi)·ε: what the steps between would add one after the other.
  public func noised(_ x: Tensor, from i: Int, to j: Int, noise: Tensor) -> Tensor {
    let kept = alphasCumprod[j] / (i >= 0 ? alphasCumprod[i] : 1)
    return sum((kept.squareRoot(), x), ((1 - kept).squareRoot(), noise))
  }

  /// √(1 / ᾱ).
  func sqrtRecipAlphasCumprod(_ i: Int) -> Float { Float((1 / alphasCumprod[i]).squareRoot()) }

  /// √(1 / ᾱ - 1).
  func sqrtRecipm1AlphasCumprod(_ i: Int) -> Float { Float((1 / alphasCumprod[i] - 1).squareRoot()) }
}

/// The model predicts x_{t-1}. How x₀ follows depends on the posterior's coefficients, and so on the step: it is found
/// by its level.
private struct PreviousXParameterization: Parameterization {
  let process: GaussianDiffusion
  var name: String { "xprev" }

  func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor {
    guard let i = (0..<process.count).first(where: { process.level($0) == level }) else {
      preconditionFailure("\(level) is not a level of the process of which x_{t-1} is predicted")
    }
    return process.xStart(from: output, x, step: i)
  }
}
