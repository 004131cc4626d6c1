#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the model predicts (`ModelMeanType` of the original).
public enum ModelMeanType: Sendable {
  /// x_{t-1}.
  case previousX
  /// x₀.
  case startX
  /// ε, the noise.
  case epsilon
}

/// Where the variance of a step comes from (`ModelVarType` of the original).
public enum ModelVarType: Sendable {
  /// The posterior's variance β̃, right if x₀ were known.
  case fixedSmall
  /// β, right if x₀ were pure noise.
  case fixedLarge
  /// The model predicts its logarithm, in channels behind those of the mean.
  case learned
  /// The model predicts where between log β̃ (-1) and log β (1) it lies (Nichol & Dhariwal 2021, eq. 15).
  case learnedRange

  /// Whether the model puts out twice as many channels as it takes.
  public var isLearned: Bool { self == .learned || self == .learnedRange }
}

/// The tables of a Gaussian diffusion process, in float64, for the timesteps that are kept of it. Step i of the process runs
/// from 0, the last to be denoised, to `count - 1`.
public struct GaussianDiffusion: Sendable {
  /// The timestep of the original process that step i is.
  public let timestepMap: [Int]
  /// T of the original process.
  public let originalSteps: Int
  /// What the model predicts.
  public let meanType: ModelMeanType
  /// Where the variance comes from.
  public let varType: ModelVarType
  /// Whether the model's timesteps run to 1000 whatever T is.
  public let rescaleTimesteps: Bool

  /// β.
  public let betas: [Double]
  /// ᾱ = Π (1 - β) (Ho et al. 2020, eq. 4).
  public let alphasCumprod: [Double]
  /// ᾱ of the step before; 1 before the first.
  public let alphasCumprodPrev: [Double]
  /// β̃, the variance of q(x_{t-1} | x_t, x₀) (Ho et al. 2020, eq. 7).
  public let posteriorVariance: [Double]
  /// Its logarithm; the first, which would be -∞, is that of the second.
  public let posteriorLogVarianceClipped: [Double]
  /// The factor of x₀ in the mean of q(x_{t-1} | x_t, x₀) (Ho et al. 2020, eq. 7).
  public let posteriorMeanCoef1: [Double]
  /// The factor of x_t there.
  public let posteriorMeanCoef2: [Double]

  /// The number of steps.
  public var count: Int { betas.count }

  /// The process of `originalSteps` steps with `betas`, of which only `timesteps` (ascending) are kept: the β between kept
  /// steps are merged so that ᾱ stays what it was (Nichol & Dhariwal 2021, §4).
  public init(
    betas originalBetas: [Double], timesteps: [Int], meanType: ModelMeanType, varType: ModelVarType,
    rescaleTimesteps: Bool
  ) {
    precondition(
      !timesteps.isEmpty && zip(timesteps, timesteps.dropFirst()).allSatisfy { $0 < $1 }
        && timesteps[0] >= 0 && timesteps[timesteps.count - 1] < originalBetas.count,
      "\(timesteps) are not ascending timesteps of a process of \(originalBetas.count)")
    timestepMap = timesteps
    originalSteps = originalBetas.count
    self.meanType = meanType
    self.varType = varType
    self.rescaleTimesteps = rescaleTimesteps

    if timesteps.count == originalBetas.count {
      // Through ᾱ and back, small β would lose digits.
      betas = originalBetas
    } else {
      let originalAlphasCumprod = Self.cumulativeProducts(originalBetas)
      var last = 1.0
      betas = timesteps.map { t in
        defer { last = originalAlphasCumprod[t] }
        return 1 - originalAlphasCumprod[t] / last
      }
    }
    let (betas, alphasCumprod) = (betas, Self.cumulativeProducts(betas))
    let alphasCumprodPrev = [1] + alphasCumprod.dropLast()
    let posteriorVariance = betas.indices.map { betas[$0] * (1 - alphasCumprodPrev[$0]) / (1 - alphasCumprod[$0]) }
    self.alphasCumprod = alphasCumprod
    self.alphasCumprodPrev = alphasCumprodPrev
    self.posteriorVariance = posteriorVariance
    // Of a single step no noise is ever added; its β stands in for the variance, which is 0.
    let first = posteriorVariance.count > 1 ? posteriorVariance[1] : betas[0]
    posteriorLogVarianceClipped = ([first] + posteriorVariance.dropFirst()).map { log($0) }
    posteriorMeanCoef1 = betas.indices.map {
      betas[$0] * alphasCumprodPrev[$0].squareRoot() / (1 - alphasCumprod[$0])
    }
    posteriorMeanCoef2 = betas.indices.map {
      (1 - alphasCumprodPrev[$0]) * (1 - betas[$0]).squareRoot() / (1 - alphasCumprod[$0])
    }
  }

  /// The timestep that the model is given at step `i`, on the scale it was trained with.
  public func modelTimestep(_ i: Int) -> Float {
    rescaleTimesteps ? Float(timestepMap[i]) * Float(1000 / Double(originalSteps)) : Float(timestepMap[i])
  }

  private static func cumulativeProducts(_ betas: [Double]) -> [Double] {
    var product = 1.0
    return betas.map { beta in
      product *= 1 - beta
      return product
    }
  }
}
