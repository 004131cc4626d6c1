import TensorCore

/// Euler's method for the probability flow ODE in x / α and σ / α (Karras et al. 2022, algorithm 1 without correction).
public struct Euler: Sampler {
  /// Creates the sampler.
  public init() {}

  /// Takes a straight step in the direction of the noise.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let predXStart = context.xStart(x, step: i)
    return (context.process.flow(x, predXStart, from: i, to: i - 1), predXStart)
  }

  /// σ: x_T is pure noise, with no image in it.
  public func initialScale(_ process: any NoiseProcess) -> Float { Float(process.level(process.count - 1).sigma) }
}

extension Euler {
  /// The entry in the table of samplers.
  public static let info = SamplerInfo(
    name: "euler", title: "Euler", summary: "first order, as ddim, at fractional timesteps (Karras et al. 2022)",
    defaultSpacing: .linspace, spacingStyle: .continuous, isDefined: { !$0.isOfConsistencyModel }
  ) { _ in Euler() }
}

extension NoiseProcess {
  /// Takes an Euler step, which is a DDIM step without new noise: moves the images `x`, `[N, C, …]`, from the level of
  /// step `i` to that of step `j` along x̂₀ and the noise it implies.
  func flow(_ x: Tensor, _ xStart: Tensor, from i: Int, to j: Int) -> Tensor {
    let (s, t) = (level(i), level(j))
    let ratio = t.sigma / s.sigma
    return sum((ratio, x), (t.alpha - ratio * s.alpha, xStart))
  }
}
