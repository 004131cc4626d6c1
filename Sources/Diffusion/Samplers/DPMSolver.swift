import DiffusionPlatform
import TensorCore

/// DPM-Solver++(2M) (Lu et al. 2022, "DPM-Solver++", algorithm 2): the probability flow with x₀ extrapolated from this
/// step and the one before; or, with new noise at each step, SDE-DPM-Solver++(2M) (there, appendix E). The first and
/// the last step are of first order.
public struct DPMSolver: Sampler {
  private let isSDE: Bool
  /// x̂₀ of the step before, and its λ.
  private var previous: (predXStart: Tensor, lambda: Double)?

  /// - Parameter isSDE: whether each step draws new noise.
  public init(isSDE: Bool = false) { self.isSDE = isSDE }

  /// Solves the linear part exactly, and takes x₀ to change linearly in λ.
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
    // e^-h with h = λt - λs, also where λt is infinite.
    let decay = t.relative / s.relative
    guard isSDE else { return (sum((t.sigma / s.sigma, x), (t.alpha * (1 - decay), expected)), predXStart) }
    let fraction = 1 - decay * decay
    let next = sum((t.sigma / s.sigma * decay, x), (t.alpha * fraction, expected))
    guard t.sigma > 0 else { return (next, predXStart) }
    return (sum((1, next), (t.sigma * fraction.squareRoot(), noise())), predXStart)
  }
}

extension DPMSolver {
  /// The line in the table of samplers of the solver without new noise.
  public static let info = SamplerInfo(
    name: "dpmpp-2m", title: "DPM-Solver++(2M)",
    summary: "follows the flow to second order, from two steps' predictions (Lu et al. 2022)",
    defaultSpacing: .linspace, spacingStyle: .multistep
  ) { _ in DPMSolver() }

  /// The line of the one with new noise.
  public static let sdeInfo = SamplerInfo(
    name: "dpmpp-2m-sde", title: "SDE-DPM-Solver++(2M)", summary: "the same with new noise at each step",
    defaultSpacing: .linspace, spacingStyle: .multistep
  ) { _ in DPMSolver(isSDE: true) }
}
