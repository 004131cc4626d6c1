import TensorCore

/// Heun's method for the probability flow in x / α and σ / α (Karras et al. 2022, algorithm 1): Euler's step, and then the step in the mean
/// direction of both of its ends. Two evaluations of the model a step, but one in the last.
public struct Heun: Sampler {
  /// No settings.
  public init() {}

  /// Euler's step, corrected.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ setting: SamplingContext, noise: inout some NoiseSource
  ) -> (x: Tensor, predXStart: Tensor) {
    noise.skip()
    let diffusion = setting.diffusion
    let predXStart = setting.predXStart(x, step: i)
    let euler = diffusion.flow(x, predXStart, from: i, to: i - 1)
    guard i > 0 else { return (euler, predXStart) }
    let (s, t) = (diffusion.level(i), diffusion.level(i - 1))
    // The directions (x / α - x₀) / (σ / α) of both ends, which are ε.
    let first = diffusion.epsilon(predXStart: predXStart, x, step: i)
    let second = diffusion.epsilon(predXStart: setting.predXStart(euler, step: i - 1), euler, step: i - 1)
    let half = t.alpha * (t.relative - s.relative) / 2
    return (sum((t.alpha / s.alpha, x), (half, first), (half, second)), predXStart)
  }

  /// Noise alone, as there is no picture yet.
  public func initialScale(_ diffusion: GaussianDiffusion) -> Float {
    Float(diffusion.level(diffusion.count - 1).sigma)
  }
}
