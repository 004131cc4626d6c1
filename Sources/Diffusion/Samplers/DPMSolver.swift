import DiffusionPlatform
import TensorCore

/// DPM-Solver++(2M) (Lu et al. 2022, "DPM-Solver++", algorithm 2): solves the probability flow ODE with x̂₀
/// extrapolated from this step and the previous one. With new noise at each step it is SDE-DPM-Solver++(2M) (same
/// paper, appendix E). The first and last steps are first-order.
public struct DPMSolver: Sampler {
  private let isSDE: Bool
  /// x̂₀ of the previous step, and its λ.
  private var previous: (predXStart: Tensor, lambda: Double)?

  /// - Parameter isSDE: whether each step adds new noise.
  public init(isSDE: Bool = false) { self.isSDE = isSDE }

  /// Solves the linear part exactly, assuming that x̂₀ changes linearly in λ.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let predXStart = context.xStart(x, step: i)
    let (s, t) = (context.process.level(i), context.process.level(i - 1))
    var expected = predXStart
    if let previous, i > 0 {
      let r = (s.lambda - previous.lambda) / (t.lambda - s.lambda)
      expected = sum((1 + 1 / (2 * r), predXStart), (-1 / (2 * r), previous.predXStart))
    }
    previous = (predXStart, s.lambda)
    // e^-h with h = λt - λs, even where λt is infinite.
    let decay = t.relative / s.relative
    guard isSDE else { return (sum((t.sigma / s.sigma, x), (t.alpha * (1 - decay), expected)), predXStart) }
    let fraction = 1 - decay * decay
    let next = sum((t.sigma / s.sigma * decay, x), (t.alpha * fraction, expected))
    guard t.sigma > 0 else { return (next, predXStart) }
    return (sum((1, next), (t.sigma * fraction.squareRoot(), noise())), predXStart)
  }
}

extension DPMSolver {
  /// The entry for the solver without new noise in the table of samplers.
  public static let info = SamplerInfo(
    name: "dpmpp-2m", title: "DPM-Solver++(2M)",
    summary: "follows the flow to second order, from two steps' predictions (Lu et al. 2022)",
    defaultSpacing: .linspace, spacingStyle: .multistep
  ) { _ in DPMSolver() }

  /// The entry for the solver with new noise.
  public static let sdeInfo = SamplerInfo(
    name: "dpmpp-2m-sde", title: "SDE-DPM-Solver++(2M)", summary: "the same with new noise at each step",
    defaultSpacing: .linspace, spacingStyle: .multistep
  ) { _ in DPMSolver(isSDE: true) }
}
