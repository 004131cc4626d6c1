import DiffusionPlatform

/// What the model predicts (`ModelMeanType` of the original).
public enum ModelMeanType: String, Sendable, CaseIterable, Codable {
  /// x_{t-1}.
  case previousX
  /// x₀.
  case startX
  /// ε, the noise.
  case epsilon
}

/// Where the variance of a step comes from (`ModelVarType` of the original).
public enum ModelVarType: String, Sendable, CaseIterable, Codable {
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

/// The tables of a Gaussian diffusion process, in float64, for the timesteps that are kept of it. Step i of the process
/// runs from 0, the last to be denoised, to `count - 1`. (How samplers see it: `NoiseProcess`.)
public struct GaussianDiffusion: Sendable {
  /// The timestep of the original process that step i is; not whole where levels are spaced by their noise
  /// (`NoiseLevels`).
  public let timestepMap: [Double]
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

  /// The process of `originalSteps` steps with `betas`, of which only `timesteps` (ascending) are kept: the β between
  /// kept steps are merged so that ᾱ stays what it was (Nichol & Dhariwal 2021, §4).
  public init(
    betas originalBetas: [Double], timesteps: [Int], meanType: ModelMeanType, varType: ModelVarType,
    rescaleTimesteps: Bool
  ) {
    precondition(
      !timesteps.isEmpty && zip(timesteps, timesteps.dropFirst()).allSatisfy { $0 < $1 }
        && timesteps[0] >= 0 && timesteps[timesteps.count - 1] < originalBetas.count,
      "\(timesteps) are not ascending timesteps of a process of \(originalBetas.count)")
    let betas: [Double]
    if timesteps.count == originalBetas.count {
      // Through ᾱ and back, small β would lose digits.
      betas = originalBetas
    } else {
      let originalAlphasCumprod = cumulativeProducts(originalBetas)
      betas = merged(timesteps.map { originalAlphasCumprod[$0] })
    }
    self.init(
      betas: betas, alphasCumprod: cumulativeProducts(betas), timestepMap: timesteps.map(Double.init),
      originalSteps: originalBetas.count, meanType: meanType, varType: varType, rescaleTimesteps: rescaleTimesteps)
  }

  /// The process that goes through `levels` of one of `originalSteps` steps.
  public init(
    levels: NoiseLevels, originalSteps: Int, meanType: ModelMeanType, varType: ModelVarType, rescaleTimesteps: Bool
  ) {
    self.init(
      betas: merged(levels.alphasCumprod), alphasCumprod: levels.alphasCumprod, timestepMap: levels.timesteps,
      originalSteps: originalSteps, meanType: meanType, varType: varType, rescaleTimesteps: rescaleTimesteps)
  }

  private init(
    betas: [Double], alphasCumprod: [Double], timestepMap: [Double], originalSteps: Int, meanType: ModelMeanType,
    varType: ModelVarType, rescaleTimesteps: Bool
  ) {
    self.betas = betas
    self.timestepMap = timestepMap
    self.originalSteps = originalSteps
    self.meanType = meanType
    self.varType = varType
    self.rescaleTimesteps = rescaleTimesteps
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
}

/// ᾱ of β.
func cumulativeProducts(_ betas: [Double]) -> [Double] {
  var product = 1.0
  return betas.map { beta in
    product *= 1 - beta
    return product
  }
}

/// The β of steps that lead through these ᾱ.
private func merged(_ alphasCumprod: [Double]) -> [Double] {
  zip(alphasCumprod, [1] + alphasCumprod).map { 1 - $0 / $1 }
}
