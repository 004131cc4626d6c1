import DiffusionPlatform
import TensorCore

/// The conditioning gradient: the gradient of s · log p(y | x_t) with respect to x_t (Dhariwal & Nichol 2021, §4;
/// `cond_fn` in guided-diffusion). Sampling moves in its direction.
///
/// - Parameters:
///   - x: x_t, `[N, C, …]`, not scaled for the network.
///   - timesteps: the `conditioning` of each image's noise level, `[N]`, as passed to the network.
/// - Returns: the gradient, of the same shape as `x`.
public typealias Conditioner = (_ x: Tensor, _ timesteps: [Float]) -> Tensor

extension GaussianDiffusion {
  /// Shifts the mean of p(x_{t-1} | x_t) by Σ·g (Dhariwal & Nichol 2021, algorithm 1; the original's `condition_mean`).
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
  /// Computes the x̂₀ that follows from replacing ε by ε - σ·g (Dhariwal & Nichol 2021, algorithm 2). Like the
  /// original's `condition_score`, it does not clip x̂₀ again.
  func conditionScore(xStart: Tensor, _ x: Tensor, _ gradient: Tensor, step i: Int) -> Tensor {
    let sigma = Float(level(i).sigma)
    let epsilon = epsilon(xStart: xStart, x, step: i).zip(gradient) { $0 - sigma * $1 }
    return self.xStart(epsilon: epsilon, x, step: i)
  }
}
