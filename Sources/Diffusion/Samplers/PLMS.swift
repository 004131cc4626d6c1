import TensorCore

/// Pseudo linear multistep (Liu et al. 2022, "Pseudo Numerical Methods", eq. 12 with the transfer of eq. 11):
/// extrapolates the noise from up to four steps by the Adams–Bashforth method. The first step is an improved Euler step
/// with two evaluations of the network, as in CompVis's `plms.py`.
public struct PLMS: Sampler {
  /// The noise of the previous steps, latest last, at most three.
  private var epsilons: [Tensor] = []

  /// Creates the sampler.
  public init() {}

  /// Steps along the extrapolated noise.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let process = context.process
    func follow(_ epsilon: Tensor) -> Tensor {
      let (s, t) = (process.level(i), process.levelAfter(i))
      return sum((t.alpha / s.alpha, x), (t.sigma - t.alpha * s.relative, epsilon))
    }
    let predXStart = context.xStart(x, step: i)
    let e = process.epsilon(xStart: predXStart, x, step: i)
    let p = epsilons
    epsilons = Array((p + [e]).suffix(3))
    switch p.count {
    case 0:
      let euler = follow(e)
      guard i > 0 else { return (euler, predXStart) }
      let next = process.epsilon(xStart: context.xStart(euler, step: i - 1), euler, step: i - 1)
      return (follow(sum((0.5, e), (0.5, next))), predXStart)
    case 1: return (follow(sum((3 / 2, e), (-1 / 2, p[0]))), predXStart)
    case 2: return (follow(sum((23 / 12, e), (-16 / 12, p[1]), (5 / 12, p[0]))), predXStart)
    default: return (follow(sum((55 / 24, e), (-59 / 24, p[2]), (37 / 24, p[1]), (-9 / 24, p[0]))), predXStart)
    }
  }
}

extension PLMS {
  /// The entry in the table of samplers.
  public static let info = SamplerInfo(
    name: "plms", title: "PLMS",
    summary: "extrapolates the noise of four steps; two passes in the first (Liu et al. 2022)",
    defaultSpacing: .leading, spacingStyle: .fixedStride,
    modelEvaluations: { _, steps, endsInPicture in endsInPicture && steps == 1 ? 1 : steps + 1 }
  ) { _ in PLMS() }
}
