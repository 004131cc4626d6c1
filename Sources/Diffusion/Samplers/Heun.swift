import TensorCore

/// Heun's method for the probability flow in x / α and σ / α (Karras et al. 2022, algorithm 1): Euler's step, and then
/// the step in the mean direction of both of its ends. Evaluates the network twice a step, but once in the last.
public struct Heun: Sampler {
  /// It has no settings.
  public init() {}

  /// Euler's step, corrected.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let process = context.process
    let predXStart = context.xStart(x, step: i)
    let euler = process.flow(x, predXStart, from: i, to: i - 1)
    guard i > 0 else { return (euler, predXStart) }
    let (s, t) = (process.level(i), process.level(i - 1))
    // The directions (x / α - x₀) / (σ / α) of both ends, which are ε.
    let first = process.epsilon(xStart: predXStart, x, step: i)
    let second = process.epsilon(xStart: context.xStart(euler, step: i - 1), euler, step: i - 1)
    let half = t.alpha * (t.relative - s.relative) / 2
    return (sum((t.alpha / s.alpha, x), (half, first), (half, second)), predXStart)
  }

  /// σ: noise alone, as there is no picture yet.
  public func initialScale(_ process: any NoiseProcess) -> Float { Float(process.level(process.count - 1).sigma) }
}

extension Heun {
  /// Its line in the table of samplers.
  public static let info = SamplerInfo(
    name: "heun", title: "Heun",
    summary: "second order by two passes of the network a step, one in the last (Karras et al. 2022)",
    // Its second evaluation weights a prediction's error by how far apart two noise levels are, and at the end of a
    // cosine schedule that is hundreds of times. Steps that do not begin at the very end are spared it.
    defaultSpacing: .leading, spacingStyle: .continuous,
    modelEvaluations: { steps, endsInPicture in endsInPicture ? 2 * steps - 1 : 2 * steps }
  ) { _ in Heun() }
}
