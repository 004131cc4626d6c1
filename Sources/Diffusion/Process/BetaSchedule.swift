import DiffusionPlatform

/// The noise added at each step of the diffusion process: β₁, …, β_T.
public enum BetaSchedule: String, Sendable, CaseIterable, Codable {
  /// Linear from 10⁻⁴ to 0.02 (Ho et al. 2020, §4), rescaled by 1000 / T so that the total noise is the same for any T.
  case linear
  /// Cosine: ᾱ(t) = cos²((t/T + 0.008) / 1.008 · π/2) (Nichol & Dhariwal 2021, eq. 17).
  case cosine
  /// Sigmoid: ᾱ(t) = (σ(3) - σ(6·t/T - 3)) / (σ(3) - σ(-3)) with σ(x) = 1 / (1 + e^-x) (Jabri et al. 2022, "Scalable
  /// Adaptive Computation", appendix B, as in lucidrains' denoising-diffusion-pytorch).
  case sigmoid

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
      return Self.betas(steps: steps) { t in
        let c = cos((t + 0.008) / 1.008 * .pi / 2)
        return c * c
      }
    case .sigmoid:
      return Self.betas(steps: steps) { t in
        (logistic(3) - logistic(6 * t - 3)) / (logistic(3) - logistic(-3))
      }
    }
  }

  /// diffusers' `laplace` schedule, whose ᾱ has a Laplace distribution of log-SNR (Hang et al. 2024, "Improved Noise
  /// Schedule for Diffusion Training"). Like diffusers it takes √ᾱ where the other schedules take ᾱ.
  public static func laplace(steps: Int) -> [Double] {
    betas(steps: steps) { t in
      let half = 0.5 - t
      let logSNR = -0.5 * (half < 0 ? -1 : 1) * log(1 - 2 * abs(half) + 1e-6)
      let snr = exp(logSNR)
      return (snr / (1 + snr)).squareRoot()
    }
  }

  /// The β of ᾱ(t), t from 0 to 1.
  private static func betas(steps: Int, alphaBar: (Double) -> Double) -> [Double] {
    (0..<steps).map { i in
      let (before, after) = (alphaBar(Double(i) / Double(steps)), alphaBar(Double(i + 1) / Double(steps)))
      return min(1 - after / before, largestBeta)
    }
  }
}

private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// diffusers' `sigmoid` schedule: β rises from `first` to `last` along a logistic function from -6 to 6.
public func sigmoidBetas(from first: Double, to last: Double, steps: Int) -> [Double] {
  betas(from: -6, to: 6, steps: steps).map { logistic($0) * (last - first) + first }
}

/// The β of a process that ends in pure noise (Lin et al. 2024, "Common Diffusion Noise Schedules and Sample Steps are
/// Flawed", algorithm 1): √ᾱ is shifted so that it is 0 at the last timestep, and scaled to leave the first unchanged.
public func rescaledToZeroTerminalSNR(_ betas: [Double]) -> [Double] {
  let roots = cumulativeProducts(betas).map { $0.squareRoot() }
  guard let first = roots.first, let last = roots.last, roots.count > 1 else { return betas }
  let alphasCumprod = roots.map { root in
    let shifted = (root - last) * first / (first - last)
    return shifted * shifted
  }
  return zip(alphasCumprod, [1] + alphasCumprod).map { 1 - $0 / $1 }
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
  return (0..<steps).map { (i: Int) -> Double in
    if i > 0 && i == steps - 1 { return last }
    return Double(i) * increment + first
  }
}

/// The first and the last of β that rise evenly, or whose square roots do, as numbers of six digits; nil if `betas`,
/// which may have been rounded to float32, are not such.
public func linearEnds(of betas: [Double], inSquareRoots: Bool = false) -> (first: Double, last: Double)? {
  guard betas.count > 1, betas.allSatisfy({ $0 > 0 && $0 < 1 }) else { return nil }
  func rounded(_ value: Double) -> Double {
    let magnitude = pow(10, 6 - log10(value).rounded(.up))
    return (value * magnitude).rounded() / magnitude
  }
  let (first, last) = (rounded(betas[0]), rounded(betas[betas.count - 1]))
  guard first <= last else { return nil }
  let expected = DiffusionCore.betas(from: first, to: last, steps: betas.count, inSquareRoots: inSquareRoots)
  return zip(betas, expected).allSatisfy { abs($0 - $1) <= 0x1p-22 * $1 } ? (first, last) : nil
}
