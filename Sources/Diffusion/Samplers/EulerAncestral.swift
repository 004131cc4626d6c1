import TensorCore

/// Euler's method to a level below the next one, then new noise up to it, so that each step has DDPM's variance
/// (k-diffusion's `sample_euler_ancestral`; the variance is β̃ in Ho et al. 2020).
public struct EulerAncestral: Sampler {
  /// Creates the sampler.
  public init() {}

  /// Steps past the next level, then adds the missing noise.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let predXStart = context.xStart(x, step: i)
    let (s, t) = (context.process.level(i), context.process.level(i - 1))
    let (from, to) = (s.relative, t.relative)
    let up = (to * to * (from * from - to * to) / (from * from)).squareRoot()
    let down = (to * to - up * up).squareRoot()
    // x / α = x₀ + σ / α · ε.
    let ratio = t.alpha * down / from
    let next = sum((ratio / s.alpha, x), (t.alpha - ratio, predXStart))
    guard up > 0 else { return (next, predXStart) }
    return (sum((1, next), (t.alpha * up, noise())), predXStart)
  }

  /// σ: x_T is pure noise, with no image in it.
  public func initialScale(_ process: any NoiseProcess) -> Float { Float(process.level(process.count - 1).sigma) }
}

extension EulerAncestral {
  /// The entry in the table of samplers.
  public static let info = SamplerInfo(
    name: "euler-a", title: "Euler ancestral", summary: "euler with new noise at each step",
    defaultSpacing: .linspace, spacingStyle: .continuous
  ) { _ in EulerAncestral() }
}
