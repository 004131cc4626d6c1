import DiffusionCheckpoints
import DiffusionFiles
import DiffusionText
import TensorCore

/// The scheduler classes of diffusers whose noise levels are continuous.
enum DiffusersContinuousScheduler: String, CaseIterable {
  case consistency = "CMStochasticIterativeScheduler"
  case edmEuler = "EDMEulerScheduler"
  case edmMultistep = "EDMDPMSolverMultistepScheduler"
  case flowEuler = "FlowMatchEulerDiscreteScheduler"
  case flowHeun = "FlowMatchHeunDiscreteScheduler"

  /// The class of that name; nil if it is not one of these.
  static func named(_ className: String) -> DiffusersContinuousScheduler? {
    DiffusersContinuousScheduler(rawValue: className)
  }

  /// Adds the settings of `scheduler`, read from `file`, to `model`, with the class's defaults for missing keys.
  ///
  /// - Throws: `CheckpointError.unsupported`, with key and value, if a value is not supported.
  func describe(
    _ model: inout DescribedModel, _ scheduler: DiffusersScheduler, file: String
  ) throws(CheckpointError) {
    func require(_ key: String, _ isSupported: Bool, _ value: String?, _ supported: String) throws(CheckpointError) {
      if !isSupported {
        throw .unsupported(file: file, key: key, value: sanitizedLine(value ?? ""), supported: supported)
      }
    }
    for key in DiffusersScheduler.described { model.otherFiles[key] = file }
    model.description.scheduler = rawValue
    switch self {
    case .consistency:
      try require("s_noise", scheduler.sNoise ?? 1 == 1, scheduler.sNoise.map(numberText), "1")
      model.description.process = "consistency"
      model.description.diffusionSteps = scheduler.numTrainTimesteps ?? 40
      model.description.clipDenoised = scheduler.clipDenoised ?? true
      model.description.sigmaLogScale = 250
    case .edmEuler, .edmMultistep:
      let type = scheduler.predictionType
      try require("prediction_type", type ?? "epsilon" == "epsilon", type, "epsilon")
      let schedule = scheduler.sigmaSchedule
      try require("sigma_schedule", schedule ?? "karras" == "karras", schedule, "karras")
      try require("thresholding", scheduler.thresholding != true, "true", "false")
      model.description.process = "edm"
      model.description.recommendedSampler = self == .edmEuler ? "euler" : "dpmpp-2m"
      model.description.clipDenoised = false
      model.description.sigmaLogScale = 0.25
      model.description.startsWithUnitImage = true
    case .flowEuler, .flowHeun:
      let options = [
        ("use_dynamic_shifting", scheduler.useDynamicShifting == true),
        ("invert_sigmas", scheduler.invertSigmas == true),
        ("stochastic_sampling", scheduler.stochasticSampling == true),
        ("use_karras_sigmas", scheduler.useKarrasSigmas == true),
        ("use_exponential_sigmas", scheduler.useExponentialSigmas == true),
        ("use_beta_sigmas", scheduler.useBetaSigmas == true),
      ]
      for (key, isOn) in options { try require(key, !isOn, "true", "false") }
      try require(
        "shift_terminal", scheduler.shiftTerminal == nil, scheduler.shiftTerminal.map(numberText), "null")
      model.description.process = "rectified-flow"
      model.description.recommendedSampler = self == .flowEuler ? "euler" : "heun"
      model.description.diffusionSteps = scheduler.numTrainTimesteps ?? 1000
      model.description.clipDenoised = false
      model.description.shift = scheduler.shift ?? 1
    }
    model.unfollowed = scheduler.unfollowedSolver.map {
      ResolvedSetting(key: $0, value: $1, source: .file(file))
    }
    if self == .consistency || self == .edmEuler || self == .edmMultistep {
      model.description.sigmaMin = scheduler.sigmaMin ?? 0.002
      model.description.sigmaMax = scheduler.sigmaMax ?? 80
      model.description.sigmaData = scheduler.sigmaData ?? 0.5
      model.description.rho = scheduler.rho ?? 7
    }
  }
}
