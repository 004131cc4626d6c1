import DiffusionPlatform
import TensorCore

/// UniPC of order 2, predicting x₀, with B₂(h) = e^h - 1 (Zhao et al. 2023, "UniPC", algorithms 5 and 6). The network's
/// output at a level first corrects the step that led there, then predicts the next one, without an extra evaluation.
public struct UniPC: Sampler {
  /// The previous step: its starting point, x̂₀ there, and its number.
  private var last: (x: Tensor, predXStart: Tensor, i: Int)?
  /// The step before that, if the previous step used it.
  private var beforeLast: (predXStart: Tensor, i: Int)?

  /// Creates the sampler.
  public init() {}

  /// Corrects x, then predicts the next level.
  public mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor) {
    let process = context.process
    let predXStart = context.xStart(x, step: i)
    let corrected = corrected(x, predXStart, i, process)

    // The last step is first-order, because λ is infinite after it.
    let before = i > 0 ? last : nil
    let step = Interval(process, from: i, to: i - 1)
    let next: Tensor
    if let before {
      let r = step.ratio(process, before.i)
      next = sum(
        (step.ofX, corrected), (step.ofXStart + step.b / (2 * r), predXStart),
        (-step.b / (2 * r), before.predXStart))
    } else {
      next = sum((step.ofX, corrected), (step.ofXStart, predXStart))
    }
    beforeLast = before.map { ($0.predXStart, $0.i) }
    last = (corrected, predXStart, i)
    return (next, predXStart)
  }

  /// `x` as it would be if the previous step had known this one's x̂₀.
  private func corrected(_ x: Tensor, _ predXStart: Tensor, _ i: Int, _ process: any NoiseProcess) -> Tensor {
    guard let last else { return x }
    let step = Interval(process, from: last.i, to: i)
    guard let beforeLast else {
      return sum((step.ofX, last.x), (step.ofXStart - step.b / 2, last.predXStart), (step.b / 2, predXStart))
    }
    // Σ ρ = b₁ and r ρ₁ + ρ₂ = b₂ (eq. 11 of the paper), with x₀ at r = (λ before - λ) / h and at 1.
    let r = -step.ratio(process, beforeLast.i)
    let (b1, b2) = (step.phi2 / step.phi1, 2 * step.phi3 / step.phi1)
    let first = (b2 - b1) / (r - 1)
    let second = b1 - first
    return sum(
      (step.ofX, last.x), (step.ofXStart - step.b * (first / r + second), last.predXStart),
      (step.b * first / r, beforeLast.predXStart), (step.b * second, predXStart))
  }

  /// The coefficients of a step from one level to another.
  private struct Interval {
    /// λs.
    let lambda: Double
    /// λt - λs.
    let h: Double
    /// The factor of x, σt / σs.
    let ofX: Double
    /// The factor of x₀ at the start of the step, αt (1 - e^-h).
    let ofXStart: Double
    /// -h φ₁(-h) = e^-h - 1, and likewise for φ₂ and φ₃ (appendix A of the paper); h_phi_k in the original code.
    let phi1: Double
    var phi2: Double { phi1 / -h - 1 }
    var phi3: Double { phi2 / -h - 0.5 }
    /// The factor of differences between predictions, -αt B₂(-h).
    var b: Double { ofXStart }

    init(_ process: any NoiseProcess, from i: Int, to j: Int) {
      let (s, t) = (process.level(i), process.level(j))
      lambda = s.lambda
      h = t.lambda - s.lambda
      ofX = t.sigma / s.sigma
      phi1 = t.relative / s.relative - 1
      ofXStart = -t.alpha * phi1
    }

    /// How far step `i` lies behind this one, in units of this step's length.
    func ratio(_ process: any NoiseProcess, _ i: Int) -> Double { (lambda - process.level(i).lambda) / h }
  }
}

extension UniPC {
  /// The entry in the table of samplers. UniPC needs fewer steps than the others.
  public static let info = SamplerInfo(
    name: "unipc", title: "UniPC",
    summary: "the default: second order, each step corrected by the next one's prediction (Zhao et al. 2023)",
    defaultSteps: 20, defaultSpacing: .linspace, spacingStyle: .multistep
  ) { _ in UniPC() }
}
