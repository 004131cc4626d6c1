import DiffusionCore

/// The process that a model was trained on (`create_gaussian_diffusion` in the original), for sampling and for
/// training.
public struct ProcessSpecification: Sendable, Equatable {
  /// The allowed values of T: far more than any paper uses, yet few enough that no file of a few bytes demands a table
  /// of a megabyte.
  public static let stepsAllowed = 1...100_000

  /// The process if its noise levels are continuous; nil if it is Gaussian diffusion in timesteps.
  public let continuous: ContinuousDiffusion?
  /// β of all T timesteps; empty if the process is continuous, but for a consistency model that was trained in them.
  public let betas: [Double]
  /// The schedule, if it is one of the original's.
  public let schedule: BetaSchedule?
  /// Whether the model's timesteps are rescaled to run to 1000 for any T.
  public let rescaleTimesteps: Bool
  /// What the network is told of a noise level.
  public private(set) var conditioning = LevelConditioning.timestep
  /// The quantity that the model predicts.
  public let meanType: ModelMeanType
  /// The source of a step's variance.
  public let varType: ModelVarType

  /// The name in descriptions and flags.
  public var name: String { continuous?.form.rawValue ?? "diffusion" }

  /// The number of steps T.
  public var steps: Int { continuous?.steps ?? betas.count }

  /// Creates the process of `description`, with the original's defaults for what it lacks.
  ///
  /// - Parameters:
  ///   - description: the description of the model.
  ///   - name: the model's name in errors.
  /// - Throws: `ModelError.unusable` if the schedule or the number of steps is not allowed.
  public init(_ description: ModelDescription, name: String) throws(ModelError) {
    let steps = description.diffusionSteps ?? 1000
    let allowed = Self.stepsAllowed
    guard allowed.contains(steps) else {
      throw .unusable(
        reason:
          "\(name): a process of \(steps) steps is not one of \(allowed.lowerBound) to \(allowed.upperBound)")
    }
    let isDistilled = description.process == ContinuousDiffusion.Form.discreteConsistency.rawValue
    if let process = description.process, process != "diffusion", !isDistilled {
      continuous = try Self.continuous(process, description, name: name)
      (betas, schedule, rescaleTimesteps, meanType, varType) = ([], nil, false, .startX, .fixedSmall)
      return
    }
    let (schedule, betas) = try Self.schedule(description, steps: steps, name: name)
    let alphasCumprod = cumulativeProducts(betas)
    guard zip([1] + alphasCumprod, alphasCumprod).allSatisfy({ $0 > $1 && $1 > 0 }) else {
      throw .unusable(reason: "\(name): its betas add no noise at some timestep, or leave nothing of the image at one")
    }
    let endsInNoise = description.rescaleBetasZeroSnr == true
    (self.schedule, self.betas) = endsInNoise ? (nil, rescaledToZeroTerminalSNR(betas)) : (schedule, betas)
    rescaleTimesteps = description.rescaleTimesteps ?? false
    let prediction = description.statedPrediction ?? "epsilon"
    guard let meanType = ModelMeanType(prediction: prediction) else {
      throw .unusable(
        reason: "\(name): the prediction \(prediction) is not known; epsilon, sample and v are")
    }
    if endsInNoise && meanType == .epsilon {
      throw .unusable(
        reason:
          """
          \(name): its process ends in pure noise (rescale_betas_zero_snr), of which no image follows if the noise is \
          predicted; type --prediction v if that is what it predicts
          """)
    }
    if let told = description.conditioning {
      guard let conditioning = LevelConditioning(rawValue: told) else {
        throw .unusable(
          reason:
            "\(name): the conditioning \(told) is not known; timestep, sqrt_alphas_cumprod and alphas_cumprod are")
      }
      self.conditioning = conditioning
    }
    self.meanType = meanType
    continuous = isDistilled ? try Self.distilled(self.betas, meanType, description, name: name) : nil
    varType =
      description.learnSigma == true ? .learnedRange : description.sigmaSmall == true ? .fixedSmall : .fixedLarge
  }

  /// Creates a process with these `betas`, which belong to none of the original's schedules.
  public init(
    betas: [Double], rescaleTimesteps: Bool = false, meanType: ModelMeanType = .epsilon,
    varType: ModelVarType = .fixedLarge
  ) {
    (continuous, self.betas, schedule, self.rescaleTimesteps) = (nil, betas, nil, rescaleTimesteps)
    (self.meanType, self.varType) = (meanType, varType)
  }

  /// The tables for the timesteps that are kept, ascending; nil keeps all.
  public func diffusion(timesteps: [Int]? = nil) -> GaussianDiffusion {
    var diffusion = GaussianDiffusion(
      betas: betas, timesteps: timesteps ?? Array(betas.indices), meanType: meanType, varType: varType,
      rescaleTimesteps: rescaleTimesteps)
    diffusion.conditioning = conditioning
    return diffusion
  }

  /// The tables for noise levels between timesteps.
  public func diffusion(levels: NoiseLevels) -> GaussianDiffusion {
    var diffusion = GaussianDiffusion(
      levels: levels, originalSteps: steps, meanType: meanType, varType: varType, rescaleTimesteps: rescaleTimesteps)
    diffusion.conditioning = conditioning
    return diffusion
  }

  /// The names of processes in descriptions and flags.
  public static let names = ["diffusion"] + ContinuousDiffusion.Form.allCases.map(\.rawValue)

  private static func continuous(
    _ process: String, _ description: ModelDescription, name: String
  ) throws(ModelError) -> ContinuousDiffusion {
    guard let form = ContinuousDiffusion.Form(rawValue: process) else {
      throw .unusable(
        reason: "\(name): the process \(process) is not known; \(names.joined(separator: ", ")) are")
    }
    var continuous = ContinuousDiffusion(form, steps: description.diffusionSteps)
    continuous.sigmaMin = description.sigmaMin ?? continuous.sigmaMin
    continuous.sigmaMax = description.sigmaMax ?? continuous.sigmaMax
    continuous.sigmaData = description.sigmaData ?? continuous.sigmaData
    continuous.rho = description.rho ?? continuous.rho
    continuous.logScale = description.sigmaLogScale ?? continuous.logScale
    continuous.shift = description.shift ?? 1
    continuous.learnsVariance = description.learnSigma ?? false
    continuous.langevin.ratio = description.langevinRatio ?? continuous.langevin.ratio
    continuous.langevin.steps = description.langevinSteps ?? continuous.langevin.steps
    continuous.startsWithUnitImage = description.startsWithUnitImage ?? false
    let sizes = ContinuousDiffusion.leastSigma...1e6
    guard sizes.contains(continuous.sigmaMin), sizes.contains(continuous.sigmaMax),
      continuous.sigmaMin < continuous.sigmaMax, sizes.contains(continuous.sigmaData),
      (1...100).contains(continuous.rho), (-1e6...1e6).contains(continuous.logScale),
      (1e-3...1e3).contains(continuous.shift), (1e-6...1e3).contains(continuous.langevin.ratio),
      (0...1000).contains(continuous.langevin.steps)
    else {
      throw .unusable(
        reason:
          """
          \(name): sigma_min, sigma_max, sigma_data, rho, sigma_log_scale, shift, langevin_ratio or langevin_steps is \
          out of range, or sigma_min not below sigma_max
          """)
    }
    return continuous
  }

  /// The process of a consistency model whose network was trained in timesteps.
  private static func distilled(
    _ betas: [Double], _ meanType: ModelMeanType, _ description: ModelDescription, name: String
  ) throws(ModelError) -> ContinuousDiffusion {
    if let told = description.conditioning, told != LevelConditioning.timestep.rawValue {
      throw .unusable(
        reason: "\(name): its network is told of noise (\(told)), not timesteps, and cannot be a consistency model")
    }
    guard
      let levels = TimestepLevels(
        betas: betas, rescaleTimesteps: description.rescaleTimesteps ?? false, meanType: meanType)
    else {
      throw .unusable(
        reason: "\(name): a consistency model needs at least two timesteps, each of another, finite noise level")
    }
    var continuous = ContinuousDiffusion(timesteps: levels, steps: betas.count)
    guard continuous.sigmaMin < continuous.sigmaMax else {
      throw .unusable(
        reason: "\(name): its noise levels, σ from \(levels.range.lowerBound) to \(levels.range.upperBound), "
          + "do not overlap 0.002 to 80")
    }
    continuous.learnsVariance = description.learnSigma ?? false
    return continuous
  }

  private static func schedule(
    _ description: ModelDescription, steps: Int, name: String
  ) throws(ModelError) -> (named: BetaSchedule?, betas: [Double]) {
    if let betas = description.trainedBetas {
      guard betas.count == steps, betas.allSatisfy({ $0 > 0 && $0 < 1 }) else {
        throw .unusable(
          reason: "\(name): its \(betas.count) trained_betas are not \(steps) numbers between 0 and 1")
      }
      return (nil, betas)
    }
    let schedule = description.noiseSchedule ?? "linear"
    if schedule == "laplace" { return (nil, BetaSchedule.laplace(steps: steps)) }
    if let first = description.betaStart, let last = description.betaEnd,
      ["linear", "scaled_linear", "sigmoid_beta"].contains(schedule)
    {
      guard 0 < first, first <= last, last < 1 else {
        throw .unusable(
          reason:
            "\(name): a schedule from beta_start \(first) to beta_end \(last) is none; they rise between 0 and 1")
      }
      if schedule == "sigmoid_beta" { return (nil, sigmoidBetas(from: first, to: last, steps: steps)) }
      return (nil, DiffusionCore.betas(from: first, to: last, steps: steps, inSquareRoots: schedule == "scaled_linear"))
    }
    guard let schedule = BetaSchedule(rawValue: schedule) else {
      throw .unusable(
        reason:
          """
          \(name): the noise schedule \(schedule) is not known; \
          linear, cosine, sigmoid and laplace are, and linear, scaled_linear and sigmoid_beta with beta_start and \
          beta_end
          """)
    }
    return (schedule, schedule.betas(steps: steps))
  }
}

extension ModelMeanType {
  /// The names of predictions in descriptions and flags.
  public static let predictions = ["epsilon", "sample", "v"]

  /// The quantity with a name in `predictions`; nil for any other.
  public init?(prediction: String) {
    switch prediction {
    case "epsilon": self = .epsilon
    case "sample": self = .startX
    case "v": self = .velocity
    default: return nil
    }
  }

  /// The name in descriptions and flags; nil for x_{t-1}, which none of today's models predicts.
  public var prediction: String? {
    switch self {
    case .epsilon: "epsilon"
    case .startX: "sample"
    case .velocity: "v"
    case .previousX: nil
    }
  }
}
