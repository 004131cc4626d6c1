import DiffusionPlatform

/// The noise added at each step of the diffusion process: β₁, …, β_T.
public enum BetaSchedule: String, Sendable, CaseIterable, Codable {
  /// Linear from 10⁻⁴ to 0.02 (Ho et al. 2020, §4), rescaled by 1000 / T so that the total noise is the same for any T.
  case linear
  /// Cosine: ᾱ(t) = cos²((t/T + 0.008) / 1.008 · π/2) (Nichol & Dhariwal 2021, eq. 17).
  case cosine

  /// The upper limit of β; above it, a single step would erase the image.
  private static let largestBeta = 0.999

  /// The β of a process of `steps` ≥ 1 steps, first step first, each in (0, 0.999].
  public func betas(steps: Int) -> [Double] {
    precondition(steps >= 1, "a process of \(steps) steps has no betas")
    switch self {
    case .linear:
      let scale = 1000 / Double(steps)
      return DiffusionCore.betas(from: scale * 0.0001, to: scale * 0.02, steps: steps).map { min($0, Self.largestBeta) }
    case .cosine:
      func alphaBar(_ t: Double) -> Double {
        let c = cos((t + 0.008) / 1.008 * .pi / 2)
        return c * c
      }
      return (0..<steps).map { i in
        let (before, after) = (alphaBar(Double(i) / Double(steps)), alphaBar(Double(i + 1) / Double(steps)))
        return min(1 - after / before, Self.largestBeta)
      }
    }
  }
}

/// The β of a process of `steps` ≥ 1 steps, linear from `first` to `last` for any number of steps (diffusers'
/// `linear`), or linear in √β (latent diffusion's `scaled_linear`).
public func betas(from first: Double, to last: Double, steps: Int, inSquareRoots: Bool = false) -> [Double] {
  precondition(steps >= 1, "a process of \(steps) steps has no betas")
  if inSquareRoots {
    return betas(from: first.squareRoot(), to: last.squareRoot(), steps: steps).map { $0 * $0 }
  }
  let increment = steps > 1 ? (last - first) / Double(steps - 1) : 0
  // The last one is set, not computed, as in numpy's linspace.
  return (0..<steps).map { i in i > 0 && i == steps - 1 ? last : Double(i) * increment + first }
}
