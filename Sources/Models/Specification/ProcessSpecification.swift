import DiffusionCore

/// The process that a model was trained on (`create_gaussian_diffusion` in the original), for sampling and for
/// training.
public struct ProcessSpecification: Sendable, Equatable {
  /// The allowed values of T: far more than any paper uses, yet few enough that no file of a few bytes demands a table
  /// of a megabyte.
  public static let stepsAllowed = 1...100_000

  /// β of all T timesteps.
  public let betas: [Double]
  /// The schedule, if it is one of the original's.
  public let schedule: BetaSchedule?
  /// Whether the model's timesteps are rescaled to run to 1000 for any T.
  public let rescaleTimesteps: Bool
  /// The quantity that the model predicts.
  public let meanType: ModelMeanType
  /// The source of a step's variance.
  public let varType: ModelVarType

  /// The number of steps T.
  public var steps: Int { betas.count }

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
    (schedule, betas) = try Self.schedule(description, steps: steps, name: name)
    rescaleTimesteps = description.rescaleTimesteps ?? false
    meanType = description.predictXstart == true ? .startX : .epsilon
    varType =
      description.learnSigma == true ? .learnedRange : description.sigmaSmall == true ? .fixedSmall : .fixedLarge
  }

  /// Creates a process with these `betas`, which belong to none of the original's schedules.
  public init(
    betas: [Double], rescaleTimesteps: Bool = false, meanType: ModelMeanType = .epsilon,
    varType: ModelVarType = .fixedLarge
  ) {
    (self.betas, schedule, self.rescaleTimesteps) = (betas, nil, rescaleTimesteps)
    (self.meanType, self.varType) = (meanType, varType)
  }

  /// The tables for the timesteps that are kept, ascending; nil keeps all.
  public func diffusion(timesteps: [Int]? = nil) -> GaussianDiffusion {
    GaussianDiffusion(
      betas: betas, timesteps: timesteps ?? Array(betas.indices), meanType: meanType, varType: varType,
      rescaleTimesteps: rescaleTimesteps)
  }

  /// The tables for noise levels between timesteps.
  public func diffusion(levels: NoiseLevels) -> GaussianDiffusion {
    GaussianDiffusion(
      levels: levels, originalSteps: steps, meanType: meanType, varType: varType, rescaleTimesteps: rescaleTimesteps)
  }

  private static func schedule(
    _ description: ModelDescription, steps: Int, name: String
  ) throws(ModelError) -> (named: BetaSchedule?, betas: [Double]) {
    let schedule = description.noiseSchedule ?? "linear"
    if let first = description.betaStart, let last = description.betaEnd,
      ["linear", "scaled_linear"].contains(schedule)
    {
      guard 0 < first, first <= last, last < 1 else {
        throw .unusable(
          reason:
            "\(name): a schedule from beta_start \(first) to beta_end \(last) is none; they rise between 0 and 1")
      }
      return (nil, DiffusionCore.betas(from: first, to: last, steps: steps, inSquareRoots: schedule == "scaled_linear"))
    }
    guard let schedule = BetaSchedule(rawValue: schedule) else {
      throw .unusable(
        reason:
          """
          \(name): the noise schedule \(schedule) is not known; \
          linear and cosine are, and linear and scaled_linear with beta_start and beta_end
          """)
    }
    return (schedule, schedule.betas(steps: steps))
  }
}
