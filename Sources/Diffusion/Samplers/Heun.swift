import TensorCore

/// Heun's method for the probability flow ODE in x / α and σ / α (Karras et al. 2022, algorithm 1): an Euler step,
/// redone with the mean of the directions at its two ends. Evaluates the network twice per step, but once in the last.
public struct Heun: Sampler {
  /// Creates the sampler.
  public init() {}

  /// Takes an Euler step and corrects it.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let process = context.process
    if let flow = process as? ContinuousProcess, flow.diffusion.form.isFlow {
      return straightStep(x, i, context, flow)
    }
    let predXStart = context.xStart(x, step: i)
    let euler = process.flow(x, predXStart, from: i, to: i - 1)
    guard i > 0 else { return (euler, predXStart) }
    let (s, t) = (process.level(i), process.level(i - 1))
    // The directions at both ends, (x / α - x₀) / (σ / α), which are ε.
    let first = process.epsilon(xStart: predXStart, x, step: i)
    let second = process.epsilon(xStart: context.xStart(euler, step: i - 1), euler, step: i - 1)
    let half = t.alpha * (t.relative - s.relative) / 2
    return (sum((t.alpha / s.alpha, x), (half, first), (half, second)), predXStart)
  }

  /// The same for a flow x = (1 - σ)·x₀ + σ·ε, in x and σ, whose direction is ε - x₀ = (x - x₀) / σ. Where data are at
  /// t = 1, the last step is corrected too, as torchcfm's solvers do: there the direction is the network's own output.
  private func straightStep(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, _ process: ContinuousProcess
  ) -> (x: Tensor, predXStart: Tensor) {
    func direction(_ x: Tensor, _ xStart: Tensor, _ step: Int) -> Tensor {
      let factor = 1 / process.level(step).sigma
      return sum((factor, x), (-factor, xStart))
    }
    let predXStart = context.xStart(x, step: i)
    let euler = process.flow(x, predXStart, from: i, to: i - 1)
    let second: Tensor
    if i > 0 {
      second = direction(euler, context.xStart(euler, step: i - 1), i - 1)
    } else if process.diffusion.form == .flow {
      second = process.output(of: context.model, euler, step: -1).map { -$0 }
    } else {
      return (euler, predXStart)
    }
    let half = (process.level(i - 1).sigma - process.level(i).sigma) / 2
    return (sum((1, x), (half, direction(x, predXStart, i)), (half, second)), predXStart)
  }

  /// σ: x_T is pure noise, with no image in it.
  public func initialScale(_ process: any NoiseProcess) -> Float { Float(process.level(process.count - 1).sigma) }
}

extension Heun {
  /// The entry in the table of samplers.
  public static let info = SamplerInfo(
    name: "heun", title: "Heun",
    summary: "second order by two passes of the network a step, one in the last (Karras et al. 2022)",
    // The second evaluation multiplies a prediction's error by the ratio of two noise levels, which is in the hundreds
    // at the noisy end of a cosine schedule. `leading` does not start at the very end.
    defaultSpacing: .leading, spacingStyle: .continuous,
    modelEvaluations: { steps, endsInPicture in endsInPicture ? 2 * steps - 1 : 2 * steps },
    isDefined: { $0.hasNoisyImages || ($0 as? ContinuousProcess)?.diffusion.form.isFlow == true }
  ) { _ in Heun() }
}
