import DiffusionPlatform
import TensorCore

/// The gradient of s · log p(y | x_t) with respect to x_t, for pictures `[N, C, …]` and their timesteps, `[N]`, on the scale that the
/// model takes them on (Dhariwal & Nichol 2021, §4): in its direction samplers are drawn (`cond_fn` of guided-diffusion).
public typealias Conditioner = (_ x: Tensor, _ timesteps: [Float]) -> Tensor

extension GaussianDiffusion {
  /// Shifts the mean of p(x_{t-1} | x_t) by Σ·g (Dhariwal & Nichol 2021, algorithm 1; `condition_mean` of the original).
  func conditionMean(_ p: PMeanVariance, _ gradient: Tensor) -> PMeanVariance {
    let mean: Tensor
    switch p.logVariance {
    case .fixed(let logVariance):
      let variance = expf(logVariance)
      mean = p.mean.zip(gradient) { $0 + variance * $1 }
    case .learned(let logVariance):
      mean = p.mean + logVariance.zip(gradient) { expf($0) * $1 }
    }
    return PMeanVariance(mean: mean, logVariance: p.logVariance, predXStart: p.predXStart, output: p.output)
  }

  /// What x₀ is expected to be once ε has become ε - √(1 - ᾱ)·g (Dhariwal & Nichol 2021, algorithm 2; `condition_score` of the
  /// original, which does not clip it again).
  func conditionScore(predXStart: Tensor, _ x: Tensor, _ gradient: Tensor, step i: Int) -> Tensor {
    let (a, b) = (sqrtRecipAlphasCumprod(i), sqrtRecipm1AlphasCumprod(i))
    let root = Float((1 - alphasCumprod[i]).squareRoot())
    let epsilon = epsilon(predXStart: predXStart, x, step: i).zip(gradient) { $0 - root * $1 }
    return x.zip(epsilon) { a * $0 - b * $1 }
  }
}
