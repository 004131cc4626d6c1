import DiffusionPlatform

/// The quantity that the model predicts (`ModelMeanType` in the original).
public enum ModelMeanType: String, Sendable, CaseIterable, Codable {
  /// x_{t-1}.
  case previousX
  /// x₀.
  case startX
  /// ε, the noise.
  case epsilon
  /// v = √ᾱ·ε - √(1 - ᾱ)·x₀ (Salimans & Ho 2022, appendix D; not in the original).
  case velocity
}

/// The source of a step's variance (`ModelVarType` in the original).
public enum ModelVarType: String, Sendable, CaseIterable, Codable {
  /// The posterior variance β̃, optimal if x₀ is known.
  case fixedSmall
  /// β, optimal if x₀ is pure noise.
  case fixedLarge
  /// The model predicts the log variance, in the channels after the mean.
  case learned
  /// The model predicts where the log variance lies between log β̃ (-1) and log β (1) (Nichol & Dhariwal 2021, eq. 15).
  case learnedRange

  /// Whether the model outputs twice as many channels as it takes.
  public var isLearned: Bool { self == .learned || self == .learnedRange }
}

/// What a network is told of a noise level.
public enum LevelConditioning: String, Sendable, CaseIterable, Codable {
  /// Its timestep.
  case timestep
  /// √ᾱ (Saharia et al. 2021, "Image Super-Resolution via Iterative Refinement", §2.3).
  case sqrtAlphasCumprod = "sqrt_alphas_cumprod"
  /// ᾱ (Saharia et al. 2022, "Palette: Image-to-Image Diffusion Models", where it is γ).
  case alphasCumprod = "alphas_cumprod"
}

/// The tables of a Gaussian diffusion process, in float64, for the timesteps kept from it. Steps are numbered from 0,
/// the last to be denoised, to `count - 1`. (Samplers see it as a `NoiseProcess`.)
public struct GaussianDiffusion: Sendable {
  /// The timestep of the original process at each step; fractional where levels are spaced by noise (`NoiseLevels`).
  public let timestepMap: [Double]
  /// The number of steps T of the original process.
  public let originalSteps: Int
  /// The quantity that the model predicts.
  public let meanType: ModelMeanType
  /// The source of the variance.
  public let varType: ModelVarType
  /// Whether the model's timesteps are rescaled to run to 1000 for any T.
  public let rescaleTimesteps: Bool
  /// What the network is told of a noise level.
  public var conditioning = LevelConditioning.timestep

  /// β of each step.
  public let betas: [Double]
  /// ᾱ = Π (1 - β) (Ho et al. 2020, eq. 4).
  public let alphasCumprod: [Double]
  /// ᾱ of the level that each step leads to: that of the step below, and 1 below step 0, but for diffusers' DDIM and
  /// PNDM (`NoiseLevels.alphasCumprodPrev`).
  public let alphasCumprodPrev: [Double]
  /// How DDIM takes the variance of its steps.
  public let variance: VarianceOfSteps
  /// β̃, the variance of q(x_{t-1} | x_t, x₀) (Ho et al. 2020, eq. 7).
  public let posteriorVariance: [Double]
  /// Its logarithm; the first, which would be -∞, is set to the second.
  public let posteriorLogVarianceClipped: [Double]
  /// The coefficient of x₀ in the mean of q(x_{t-1} | x_t, x₀) (Ho et al. 2020, eq. 7).
  public let posteriorMeanCoef1: [Double]
  /// The coefficient of x_t in the same mean.
  public let posteriorMeanCoef2: [Double]

  /// The number of steps.
  public var count: Int { betas.count }

  /// Creates a process from `betas`, keeping only `timesteps` (ascending). The β between kept steps are merged so that
  /// ᾱ is unchanged (Nichol & Dhariwal 2021, §4).
  public init(
    betas originalBetas: [Double], timesteps: [Int], meanType: ModelMeanType, varType: ModelVarType,
    rescaleTimesteps: Bool
  ) {
    precondition(
      !timesteps.isEmpty && zip(timesteps, timesteps.dropFirst()).allSatisfy { $0 < $1 }
        && timesteps[0] >= 0 && timesteps[timesteps.count - 1] < originalBetas.count,
      "\(timesteps) are not ascending timesteps of a process of \(originalBetas.count)")
    let betas: [Double]
    var kept: [Double]?
    if timesteps.count == originalBetas.count {
      // Converting to ᾱ and back would lose digits of small β.
      betas = originalBetas
    } else {
      let originalAlphasCumprod = cumulativeProducts(originalBetas)
      let alphasCumprod = timesteps.map { originalAlphasCumprod[$0] }
      betas = merged(alphasCumprod)
      // Where hardly anything of the image is left, β rounds to 1, of which no ᾱ follows.
      if betas.contains(where: { $0 >= 1 }) { kept = alphasCumprod }
    }
    self.init(
      betas: betas, alphasCumprod: kept ?? cumulativeProducts(betas), timestepMap: timesteps.map(Double.init),
      originalSteps: originalBetas.count, meanType: meanType, varType: varType, rescaleTimesteps: rescaleTimesteps)
  }

  /// Creates the process that visits `levels` of one with `originalSteps` steps.
  public init(
    levels: NoiseLevels, originalSteps: Int, meanType: ModelMeanType, varType: ModelVarType, rescaleTimesteps: Bool
  ) {
    self.init(
      betas: merged(levels.alphasCumprod), alphasCumprod: levels.alphasCumprod,
      leadingTo: levels.alphasCumprodPrev, variance: levels.variance, timestepMap: levels.timesteps,
      originalSteps: originalSteps, meanType: meanType, varType: varType, rescaleTimesteps: rescaleTimesteps)
  }

  private init(
    betas: [Double], alphasCumprod: [Double], leadingTo given: [Double]? = nil,
    variance: VarianceOfSteps = VarianceOfSteps(), timestepMap: [Double], originalSteps: Int, meanType: ModelMeanType,
    varType: ModelVarType, rescaleTimesteps: Bool
  ) {
    self.betas = betas
    self.variance = variance
    self.timestepMap = timestepMap
    self.originalSteps = originalSteps
    self.meanType = meanType
    self.varType = varType
    self.rescaleTimesteps = rescaleTimesteps
    let alphasCumprodPrev: [Double] = given ?? [1] + Array(alphasCumprod.dropLast())
    let posteriorVariance = betas.indices.map { betas[$0] * (1 - alphasCumprodPrev[$0]) / (1 - alphasCumprod[$0]) }
    self.alphasCumprod = alphasCumprod
    self.alphasCumprodPrev = alphasCumprodPrev
    self.posteriorVariance = posteriorVariance
    // A single step never adds noise: its variance is 0, so its β stands in.
    let first = posteriorVariance.count > 1 ? posteriorVariance[1] : betas[0]
    posteriorLogVarianceClipped = ([first] + posteriorVariance.dropFirst()).map { log($0) }
    posteriorMeanCoef1 = betas.indices.map {
      betas[$0] * alphasCumprodPrev[$0].squareRoot() / (1 - alphasCumprod[$0])
    }
    posteriorMeanCoef2 = betas.indices.map {
      (1 - alphasCumprodPrev[$0]) * (1 - betas[$0]).squareRoot() / (1 - alphasCumprod[$0])
    }
  }

  /// The timestep passed to the model at step `i`, on the scale it was trained with, or what it is told in its place.
  public func modelTimestep(_ i: Int) -> Float {
    switch conditioning {
    case .timestep: break
    case .sqrtAlphasCumprod: return Float(alphasCumprod[i].squareRoot())
    case .alphasCumprod: return Float(alphasCumprod[i])
    }
    return rescaleTimesteps ? Float(timestepMap[i]) * Float(1000 / Double(originalSteps)) : Float(timestepMap[i])
  }
}

/// ᾱ for the given β.
public func cumulativeProducts(_ betas: [Double]) -> [Double] {
  var product = 1.0
  return betas.map { beta in
    product *= 1 - beta
    return product
  }
}

/// The β of steps that have these ᾱ.
private func merged(_ alphasCumprod: [Double]) -> [Double] {
  zip(alphasCumprod, [1] + alphasCumprod).map { 1 - $0 / $1 }
}
