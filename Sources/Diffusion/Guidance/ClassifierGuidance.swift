import DiffusionPlatform
import TensorCore

/// A conditioning gradient: that of s · log p(y | x_t) with respect to x_t (Dhariwal & Nichol 2021, §4; `cond_fn` of
/// guided-diffusion). Samplers are drawn in its direction.
///
/// - Parameters:
///   - x: x_t, `[N, C, …]`, not scaled for the network.
///   - timesteps: the `conditioning` of each picture's noise level, `[N]`, as the network is told it.
/// - Returns: the gradient, of the shape of `x`.
public typealias Conditioner = (_ x: Tensor, _ timesteps: [Float]) -> Tensor

extension GaussianDiffusion {
  /// Shifts the mean of p(x_{t-1} | x_t) by Σ·g (Dhariwal & Nichol 2021, algorithm 1; `condition_mean` of the
  /// original).
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
}

extension NoiseProcess {
  /// What x̂₀ becomes once ε has become ε - σ·g (Dhariwal & Nichol 2021, algorithm 2; `condition_score` of the
  /// original, which does not clip it again).
  func conditionScore(xStart: Tensor, _ x: Tensor, _ gradient: Tensor, step i: Int) -> Tensor {
    let sigma = Float(level(i).sigma)
    let epsilon = epsilon(xStart: xStart, x, step: i).zip(gradient) { $0 - sigma * $1 }
    return self.xStart(epsilon: epsilon, x, step: i)
  }
}
