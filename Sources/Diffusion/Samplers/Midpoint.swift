import DiffusionPlatform
import TensorCore

/// The midpoint method for the probability flow ODE in x and σ, with the midpoint in ∛σ (`sample_dpm` in
/// openai/consistency_models, after DPM-Solver-2 of Lu et al. 2022, "DPM-Solver", algorithm 1). Evaluates the network
/// twice per step, the second time between two of the levels.
public struct Midpoint: Sampler {
  private let churn: Churn?

  /// - Parameter churn: the noise that is added before each step; nil for none.
  public init(churn: Churn? = nil) { self.churn = churn }

  /// Takes half a step, then a whole one in the direction found there.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    guard let process = context.process as? ContinuousProcess else {
      preconditionFailure("the sampler needs a continuous process, not a \(type(of: context.process))")
    }
    let (level, added) = process.churned(i, churn)
    // Drawn where none is added too, as in the original.
    let x = churn == nil ? x : sum((1, x), (added, noise()))
    let predXStart = context.xStart(x, at: level)
    let (from, to) = (level.sigma, process.level(i - 1).sigma)
    let middle = pow((pow(from, 1.0 / 3) + pow(to, 1.0 / 3)) / 2, 3)
    // x + (x - x̂₀) / σ · (σ' - σ).
    let half = sum((middle / from, x), (1 - middle / from, predXStart))
    let there = context.xStart(half, at: process.diffusion.level(process.sigmas[i] * middle / process.level(i).sigma))
    let factor = (to - from) / middle
    return (sum((1, x), (factor, half), (-factor, there)), predXStart)
  }
}

extension Midpoint {
  /// The entry in the table of samplers.
  public static let info = SamplerInfo(
    name: "dpm", title: "DPM midpoint",
    summary: "EDM models: second order by two passes of the network a step, the second in between (Lu et al. 2022)",
    defaultSpacing: nil, spacingStyle: .continuous, parameters: [.churn],
    modelEvaluations: { _, steps, _ in 2 * steps },
    isDefined: { ($0 as? ContinuousProcess)?.diffusion.form.isAdditive == true }
  ) { Midpoint(churn: $0.churn) }
}
