import TensorCore

/// Heun's method for the probability flow ODE in x / α and σ / α (Karras et al. 2022, algorithm 1): an Euler step,
/// redone with the mean of the directions at its two ends. Evaluates the network twice per step, but once in the last.
public struct Heun: Sampler {
  private let churn: Churn?
  /// What x lost when it was rounded to float32 after the last step of `exactStep`. Less than its last digit, and so
  /// harmless where x is replaced between steps.
  private var lost: [Double] = []

  /// - Parameter churn: the noise that is added before each step of a process x = x₀ + σ·ε; nil for none.
  public init(churn: Churn? = nil) { self.churn = churn }

  /// Takes an Euler step and corrects it.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let process = context.process
    if let continuous = process as? ContinuousProcess {
      return continuous.diffusion.form.isFlow
        ? straightStep(x, i, context, continuous) : exactStep(x, i, context, continuous, noise)
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

  /// The same for x = x₀ + σ·ε, after `churn`, in float64 as in EDM's code; only the network computes in float32.
  private mutating func exactStep(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, _ process: ContinuousProcess, _ noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    func rounded(_ values: [Double]) -> Tensor { Tensor(x.shape, values.map(Float.init)) }
    var start = x.values.map(Double.init)
    if !lost.isEmpty { for k in start.indices { start[k] += lost[k] } }
    let (level, added) = process.churned(i, churn)
    if churn != nil {
      // Drawn where none is added too, as in the original.
      let drawn = noise().values
      for k in start.indices { start[k] += added * Double(drawn[k]) }
    }
    let (from, to) = (level.sigma, process.level(i - 1).sigma)
    let predXStart = context.xStart(rounded(start), at: level)
    let slopes = zip(start, predXStart.values).map { ($0 - Double($1)) / from }
    var next = zip(start, slopes).map { $0 + (to - from) * $1 }
    if i > 0 {
      let corrected = context.xStart(rounded(next), at: process.level(i - 1)).values
      for k in next.indices {
        let slope = (next[k] - Double(corrected[k])) / to
        next[k] = start[k] + (to - from) * (slopes[k] + slope) / 2
      }
    }
    let result = rounded(next)
    lost = zip(next, result.values).map { $0 - Double($1) }
    return (result, predXStart)
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
    } else if Self.correctsLastStep(process) {
      second = process.output(of: context.model, euler, step: -1).map { -$0 }
    } else {
      return (euler, predXStart)
    }
    let half = (process.level(i - 1).sigma - process.level(i).sigma) / 2
    return (sum((1, x), (half, direction(x, predXStart, i)), (half, second)), predXStart)
  }

  /// Whether the network can be evaluated without noise, at the end of the last step.
  private static func correctsLastStep(_ process: any NoiseProcess) -> Bool {
    (process as? ContinuousProcess)?.diffusion.form == .flow
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
    defaultSpacing: .leading, spacingStyle: .continuous, parameters: [.churn],
    modelEvaluations: { process, steps, endsInPicture in
      endsInPicture && !correctsLastStep(process) ? 2 * steps - 1 : 2 * steps
    },
    isDefined: { $0.hasNoisyImages || ($0 as? ContinuousProcess)?.diffusion.form.isFlow == true }
  ) { Heun(churn: $0.churn) }
}
