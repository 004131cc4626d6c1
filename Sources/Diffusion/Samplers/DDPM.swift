import DiffusionPlatform
import TensorCore

/// Ancestral sampling (Ho et al. 2020, algorithm 2): each step samples x_{t-1} from the Gaussian that the model
/// predicts.
///
/// Uses the original's float32 tables, so it needs a `GaussianDiffusion`.
public struct DDPM: Sampler {
  /// Creates the sampler.
  public init() {}

  /// Samples x_{t-1}; the last step adds no noise.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let diffusion = context.gaussian
    var p = context.pMeanVariance(x, step: i)
    if let gradient = context.gradient(x, step: i) { p = diffusion.conditionMean(p, gradient) }
    guard i > 0 else { return (p.mean, p.predXStart) }
    let z = noise()
    switch p.logVariance {
    case .fixed(let logVariance):
      let deviation = expf(0.5 * logVariance)
      return (p.mean.zip(z) { $0 + deviation * $1 }, p.predXStart)
    case .learned(let logVariance):
      return (p.mean + logVariance.zip(z) { expf(0.5 * $0) * $1 }, p.predXStart)
    }
  }
}

extension DDPM {
  /// The entry in the table of samplers.
  public static let info = SamplerInfo(
    name: "ddpm", title: "DDPM",
    summary: "new noise at each step, as the model was trained; wants many steps (Ho et al. 2020)",
    defaultSpacing: nil, spacingStyle: .integerTimesteps, isDefined: { $0 is GaussianDiffusion }
  ) { _ in DDPM() }
}
