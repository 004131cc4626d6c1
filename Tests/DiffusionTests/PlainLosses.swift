import DiffusionCore
import Foundation

/// The losses of one element in float64, straight from the papers and without derivatives; the loss of a picture is the
/// mean of its elements'.
struct PlainLosses {
  let timesteps: [Int]
  let meanType: ModelMeanType
  let varType: ModelVarType
  let type: LossType

  /// One element of a batch.
  struct Element {
    let xStart: Double
    let xT: Double
    let noise: Double
    /// What the model puts out for the mean.
    var output: Double
    /// What it puts out for the variance, if that is learned.
    var v = 0.0
  }

  private static let betas = BetaSchedule.linear.betas(steps: 1000)

  var diffusion: GaussianDiffusion {
    GaussianDiffusion(
      betas: Self.betas, timesteps: timesteps, meanType: meanType, varType: varType,
      rescaleTimesteps: false)
  }

  /// ᾱ at step i, 1 before the first.
  func bar(_ i: Int) -> Double {
    i < 0 ? 1 : Self.betas[...timesteps[i]].reduce(1) { $0 * (1 - $1) }
  }

  func beta(_ i: Int) -> Double { 1 - bar(i) / bar(i - 1) }

  /// log β̃, at the first step that of the second.
  func logSmall(_ i: Int) -> Double {
    let i = max(i, 1)
    return log(beta(i) * (1 - bar(i - 1)) / (1 - bar(i)))
  }

  /// The mean of q(x_{t-1} | x_t, x₀) (Ho et al. 2020, eq. 7).
  func posteriorMean(_ xStart: Double, _ xT: Double, step i: Int) -> Double {
    bar(i - 1).squareRoot() * beta(i) / (1 - bar(i)) * xStart
      + (1 - beta(i)).squareRoot() * (1 - bar(i - 1)) / (1 - bar(i)) * xT
  }

  func target(_ e: Element, step i: Int) -> Double {
    switch meanType {
    case .epsilon: e.noise
    case .startX: e.xStart
    case .previousX: posteriorMean(e.xStart, e.xT, step: i)
    // Salimans & Ho 2022, appendix D.
    case .velocity: bar(i).squareRoot() * e.noise - (1 - bar(i)).squareRoot() * e.xStart
    }
  }

  func mse(_ e: Element, step i: Int) -> Double { pow(e.output - target(e, step: i), 2) }

  /// The variational term, bits.
  func vb(_ e: Element, step i: Int) -> Double {
    let mean =
      switch meanType {
      // Ho et al. 2020, eq. 11.
      case .epsilon: (e.xT - beta(i) / (1 - bar(i)).squareRoot() * e.output) / (1 - beta(i)).squareRoot()
      case .startX: posteriorMean(e.output, e.xT, step: i)
      case .previousX: e.output
      case .velocity:
        posteriorMean(bar(i).squareRoot() * e.xT - (1 - bar(i)).squareRoot() * e.output, e.xT, step: i)
      }
    let logVariance =
      switch varType {
      case .fixedSmall: logSmall(i)
      case .fixedLarge: i == 0 ? logSmall(0) : log(beta(i))
      case .learned: e.v
      case .learnedRange: (e.v + 1) / 2 * log(beta(i)) + (1 - e.v) / 2 * logSmall(i)
      }
    if i == 0 { return -log2(max(1e-12, probability(e.xStart, mean, exp(logVariance / 2)))) }
    let (p, q) = (exp(logVariance), exp(logSmall(i)))
    let difference = posteriorMean(e.xStart, e.xT, step: i) - mean
    return (log(p / q) + (q + difference * difference) / p - 1) / 2 / log(2)
  }

  /// The loss; `detached` holds the output that the variational term of a loss made of both sees.
  func loss(_ e: Element, detached: Double, step i: Int) -> Double {
    var frozen = e
    frozen.output = detached
    let hybrid = varType == .learned || varType == .learnedRange ? vb(frozen, step: i) : 0
    return switch type {
    case .mse: mse(e, step: i) + hybrid
    case .rescaledMSE: mse(e, step: i) + hybrid * Double(timesteps.count) / 1000
    case .kl: vb(e, step: i)
    case .rescaledKL: vb(e, step: i) * Double(timesteps.count)
    }
  }

  /// Ho et al. 2020, eq. 13, with the original's approximation of the normal distribution.
  private func probability(_ x: Double, _ mean: Double, _ deviation: Double) -> Double {
    func cdf(_ z: Double) -> Double { (1 + tanh((2 / Double.pi).squareRoot() * (z + 0.044715 * pow(z, 3)))) / 2 }
    let upper = x > 0.999 ? 1 : cdf((x - mean + 1 / 255) / deviation)
    return upper - (x < -0.999 ? 0 : cdf((x - mean - 1 / 255) / deviation))
  }
}
