import TensorCore

/// Euler's method for the probability flow in x / α and σ / α (Karras et al. 2022, algorithm 1 without its correction).
public struct Euler: Sampler {
  /// It has no settings.
  public init() {}

  /// Goes straight on in the direction of the noise.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let predXStart = context.xStart(x, step: i)
    return (context.process.flow(x, predXStart, from: i, to: i - 1), predXStart)
  }

  /// σ: noise alone, as there is no picture yet.
  public func initialScale(_ process: any NoiseProcess) -> Float { Float(process.level(process.count - 1).sigma) }
}

extension Euler {
  /// Its line in the table of samplers.
  public static let info = SamplerInfo(
    name: "euler", title: "Euler", summary: "first order, as ddim, at fractional timesteps (Karras et al. 2022)",
    defaultSpacing: .linspace, spacingStyle: .continuous
  ) { _ in Euler() }
}

extension NoiseProcess {
  /// Euler's step, which is DDIM's without new noise: the pictures `x` at step `i`, `[N, C, …]`, taken to the level of
  /// step `j` along x̂₀ and the noise that it implies.
  func flow(_ x: Tensor, _ xStart: Tensor, from i: Int, to j: Int) -> Tensor {
    let (s, t) = (level(i), level(j))
    let ratio = t.sigma / s.sigma
    return sum((ratio, x), (t.alpha - ratio * s.alpha, xStart))
  }
}
