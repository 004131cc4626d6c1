import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionText
import TensorCore

/// The scheduler classes of diffusers whose noise levels are continuous.
enum DiffusersContinuousScheduler: String {
  case consistency = "CMStochasticIterativeScheduler"
  case edmEuler = "EDMEulerScheduler"
  case edmMultistep = "EDMDPMSolverMultistepScheduler"
  case flowEuler = "FlowMatchEulerDiscreteScheduler"
  case flowHeun = "FlowMatchHeunDiscreteScheduler"
  case scoreVE = "ScoreSdeVeScheduler"

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
      model.description.diffusionSteps = scheduler.numTrainTimesteps
      model.description.clipDenoised = scheduler.clipDenoised ?? true
    case .edmEuler, .edmMultistep:
      let type = scheduler.predictionType
      try require("prediction_type", type ?? "epsilon" == "epsilon", type, "epsilon")
      let schedule = scheduler.sigmaSchedule
      try require("sigma_schedule", schedule ?? "karras" == "karras", schedule, "karras")
      try require("thresholding", scheduler.thresholding != true, "true", "false")
      model.description.process = "edm"
      model.description.recommendedSampler = self == .edmEuler ? Euler.info.name : DPMSolver.info.name
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
      model.description.recommendedSampler = self == .flowEuler ? Euler.info.name : Heun.info.name
      model.description.diffusionSteps = scheduler.numTrainTimesteps
      model.description.clipDenoised = false
      model.description.shift = scheduler.shift
    case .scoreVE:
      let epsilon = scheduler.samplingEps
      try require("sampling_eps", epsilon ?? 1e-5 == 1e-5, epsilon.map(numberText), "1e-5")
      model.description.process = "ve"
      model.description.diffusionSteps = scheduler.numTrainTimesteps
      model.description.clipDenoised = false
      (model.description.langevinRatio, model.description.langevinSteps) = (scheduler.snr, scheduler.correctSteps)
    }
    model.unfollowed = scheduler.unfollowedSolver.map {
      ResolvedSetting(key: $0, value: $1, source: .file(file))
    }
    // Their defaults are `ContinuousDiffusion`'s.
    (model.description.sigmaMin, model.description.sigmaMax) = (scheduler.sigmaMin, scheduler.sigmaMax)
    (model.description.sigmaData, model.description.rho) = (scheduler.sigmaData, scheduler.rho)
  }
}
