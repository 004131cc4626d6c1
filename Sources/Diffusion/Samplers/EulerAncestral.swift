import TensorCore

/// Euler's method to a level below the next one, and new noise up to it, so that each step has DDPM's variance
/// (k-diffusion's `sample_euler_ancestral`; the variance is β̃ of Ho et al. 2020).
public struct EulerAncestral: Sampler {
  /// It has no settings.
  public init() {}

  /// Goes further than to the next level, and adds what is missing as new noise.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let predXStart = context.xStart(x, step: i)
    let (s, t) = (context.process.level(i), context.process.level(i - 1))
    let (from, to) = (s.relative, t.relative)
    let up = (to * to * (from * from - to * to) / (from * from)).squareRoot()
    let down = (to * to - up * up).squareRoot()
    // x / α is x₀ + σ / α · ε.
    let ratio = t.alpha * down / from
    let next = sum((ratio / s.alpha, x), (t.alpha - ratio, predXStart))
    guard up > 0 else { return (next, predXStart) }
    return (sum((1, next), (t.alpha * up, noise())), predXStart)
  }

  /// σ: noise alone, as there is no picture yet.
  public func initialScale(_ process: any NoiseProcess) -> Float { Float(process.level(process.count - 1).sigma) }
}

extension EulerAncestral {
  /// Its line in the table of samplers.
  public static let info = SamplerInfo(
    name: "euler-a", title: "Euler ancestral", summary: "euler with new noise at each step",
    defaultSpacing: .linspace, spacingStyle: .continuous
  ) { _ in EulerAncestral() }
}
