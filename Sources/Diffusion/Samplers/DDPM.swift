import DiffusionPlatform
import TensorCore

/// Ancestral sampling (Ho et al. 2020, algorithm 2): each step draws x_{t-1} from the Gaussian that the model predicts.
public struct DDPM: Sampler {
  /// No settings.
  public init() {}

  /// Draws x_{t-1}; the last step adds no noise.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ setting: SamplingContext, noise: inout some NoiseSource
  ) -> (x: Tensor, predXStart: Tensor) {
    var p = setting.diffusion.pMeanVariance(setting.model, x, step: i, clipDenoised: setting.clipDenoised)
    if let gradient = setting.gradient(x, step: i) { p = setting.diffusion.conditionMean(p, gradient) }
    guard i > 0 else {
      noise.skip()
      return (p.mean, p.predXStart)
    }
    let z = noise.next()
    switch p.logVariance {
    case .fixed(let logVariance):
      let deviation = expf(0.5 * logVariance)
      return (p.mean.zip(z) { $0 + deviation * $1 }, p.predXStart)
    case .learned(let logVariance):
      return (p.mean + logVariance.zip(z) { expf(0.5 * $0) * $1 }, p.predXStart)
    }
  }
}
