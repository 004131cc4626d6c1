import TensorCore

/// `GaussianDiffusion` overrides the defaults derived from levels with the original's tables, rounded to float32 where
/// the original rounds them, so that results agree with it to the last bit.
extension GaussianDiffusion: NoiseProcess {
  /// α = √ᾱ, σ = √(1 - ᾱ), and the timestep on the model's scale.
  public func level(_ i: Int) -> NoiseLevel {
    guard i >= 0 else { return .noiseless }
    return NoiseLevel(
      alpha: alphasCumprod[i].squareRoot(), sigma: (1 - alphasCumprod[i]).squareRoot(), conditioning: modelTimestep(i))
  }

  /// α = √ᾱ, σ = √(1 - ᾱ) with the ᾱ that step `i` leads to.
  public func levelAfter(_ i: Int) -> NoiseLevel {
    let alphaBar = alphasCumprodPrev[i]
    return NoiseLevel(
      alpha: alphaBar.squareRoot(), sigma: (1 - alphaBar).squareRoot(), conditioning: level(i - 1).conditioning)
  }

  /// The timestep of the original process at step `i`.
  public func timestep(_ i: Int) -> Double { timestepMap[i] }

  /// How to compute x̂₀ from the model's prediction. With `ModelMeanType.previousX` it works only at this process's own
  /// levels.
  public var parameterization: any Parameterization {
    switch meanType {
    case .epsilon: EpsilonParameterization()
    case .startX: XStartParameterization()
    case .velocity: VelocityParameterization()
    case .previousX: PreviousXParameterization(process: self)
    }
  }

  /// Whether the model predicts the variance of a step.
  public var learnsVariance: Bool { varType.isLearned }

  /// x̂₀ from the model's prediction (the original's `p_mean_variance`, before clipping).
  public func xStart(from output: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    switch meanType {
    case .startX: return output
    case .epsilon: return xStart(epsilon: output, x, step: i)
    case .velocity: return parameterization.xStart(from: output, x, at: level(i))
    case .previousX:
      let a = Float(1 / posteriorMeanCoef1[i])
      let b = Float(posteriorMeanCoef2[i] / posteriorMeanCoef1[i])
      return output.zip(x) { a * $0 - b * $1 }
    }
  }

  /// Solves x_t = √ᾱ·x₀ + √(1 - ᾱ)·ε (Ho et al. 2020, eq. 4) for x₀ (the original's `_predict_xstart_from_eps`).
  public func xStart(epsilon: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    let (a, b) = (sqrtRecipAlphasCumprod(i), sqrtRecipm1AlphasCumprod(i))
    return x.zip(epsilon) { a * $0 - b * $1 }
  }

  /// Solves the same equation for ε (the original's `_predict_eps_from_xstart`).
  public func epsilon(xStart: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    let (a, b) = (sqrtRecipAlphasCumprod(i), sqrtRecipm1AlphasCumprod(i))
    return x.zip(xStart) { (a * $0 - $1) / b }
  }

  /// √(ᾱj / ᾱi)·x_i + √(1 - ᾱj / ᾱi)·ε: the combined noise of the steps in between.
  public func noised(_ x: Tensor, from i: Int, to j: Int, noise: Tensor) -> Tensor {
    let kept = alphasCumprod[j] / (i >= 0 ? alphasCumprod[i] : 1)
    return sum((kept.squareRoot(), x), ((1 - kept).squareRoot(), noise))
  }

  /// √(1 / ᾱ).
  func sqrtRecipAlphasCumprod(_ i: Int) -> Float { Float((1 / alphasCumprod[i]).squareRoot()) }

  /// √(1 / ᾱ - 1).
  func sqrtRecipm1AlphasCumprod(_ i: Int) -> Float { Float((1 / alphasCumprod[i] - 1).squareRoot()) }
}

/// The parameterization by x_{t-1}. x̂₀ depends on the posterior's coefficients and so on the step, which is found by
/// its level.
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
