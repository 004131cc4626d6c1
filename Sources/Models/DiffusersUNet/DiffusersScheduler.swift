import DiffusionCheckpoints
import DiffusionFiles
import DiffusionText
import TensorCore

/// The `scheduler_config.json` of a diffusers pipeline: the process that the model was trained on, and how it is meant
/// to be sampled.
struct DiffusersScheduler: Decodable {
  let className: String?
  let numTrainTimesteps: Int?
  let betaStart: Double?
  let betaEnd: Double?
  let betaSchedule: String?
  let trainedBetas: [Double]?
  let varianceType: String?
  let clipSample: Bool?
  let clipSampleRange: Double?
  let predictionType: String?
  let predictEpsilon: Bool?
  let thresholding: Bool?
  let dynamicThresholdingRatio: Double?
  let sampleMaxValue: Double?
  let rescaleBetasZeroSnr: Bool?
  let timestepSpacing: String?
  let stepsOffset: Int?
  let setAlphaToOne: Bool?
  let useKarrasSigmas: Bool?
  // Settings of solvers, which are not followed unless they have these values.
  let solverOrder: Int?
  let algorithmType: String?
  let solverType: String?
  let lambdaMinClipped: Double?
  let finalSigmasType: String?
  let skipPrkSteps: Bool?
  let eulerAtFinal: Bool?
  let lowerOrderFinal: Bool?
  let useLuLambdas: Bool?
  let useExponentialSigmas: Bool?
  let useBetaSigmas: Bool?
  let useFlowSigmas: Bool?
  let interpolationType: String?
  let sigmaMin: Double?
  let sigmaMax: Double?
  // Settings of schedulers with continuous levels.
  let sigmaData: Double?
  let rho: Double?
  let sNoise: Double?
  let clipDenoised: Bool?
  let sigmaSchedule: String?
  let shift: Double?
  let useDynamicShifting: Bool?
  let shiftTerminal: Double?
  let invertSigmas: Bool?
  let stochasticSampling: Bool?
  let snr: Double?
  let correctSteps: Int?
  let samplingEps: Double?

  // The keys after conversion from snake case.
  enum CodingKeys: String, CodingKey {
    case className = "_className"
    case numTrainTimesteps, betaStart, betaEnd, betaSchedule, trainedBetas, varianceType, clipSample, clipSampleRange
    case predictionType, predictEpsilon, thresholding, dynamicThresholdingRatio, sampleMaxValue, rescaleBetasZeroSnr
    case timestepSpacing, stepsOffset, setAlphaToOne, useKarrasSigmas, solverOrder, algorithmType, solverType
    case lambdaMinClipped, finalSigmasType, skipPrkSteps, eulerAtFinal, lowerOrderFinal, useLuLambdas
    case useExponentialSigmas, useBetaSigmas, useFlowSigmas, interpolationType, sigmaMin, sigmaMax, sigmaData, rho
    case sNoise, clipDenoised, sigmaSchedule, shift, useDynamicShifting, shiftTerminal, invertSigmas
    case stochasticSampling, snr, correctSteps, samplingEps
  }

  /// The keys of `ModelDescription` that it gives.
  static let described = [
    "scheduler", "diffusion_steps", "noise_schedule", "beta_start", "beta_end", "trained_betas", "sigma_small",
    "rescale_betas_zero_snr", "prediction", "clip_denoised", "clip_sample_range", "thresholding",
    "dynamic_thresholding_ratio", "sample_max_value", "timestep_spacing", "steps_offset", "set_alpha_to_one",
    "use_karras_sigmas", "learn_sigma", "process", "sigma_min", "sigma_max", "sigma_data", "rho", "sigma_log_scale",
    "shift", "langevin_ratio", "langevin_steps",
  ]

  /// Adds its settings to `model`, with the defaults of its class for missing keys.
  ///
  /// - Throws: `CheckpointError.unsupported`, with key and value, if a value is not supported.
  func describe(_ model: inout DescribedModel, file: String) throws(CheckpointError) {
    func require(_ key: String, _ isSupported: Bool, _ value: String, _ supported: String) throws(CheckpointError) {
      if !isSupported { throw .unsupported(file: file, key: key, value: value, supported: supported) }
    }
    if let continuous = DiffusersContinuousScheduler(rawValue: className ?? "") {
      try continuous.describe(&model, self, file: file)
      return
    }
    let known = className.map { DiffusersSchedulerClass.named($0) } ?? .usual
    guard let known else {
      throw .unsupported(
        file: file, key: "_class_name", value: sanitizedLine(className ?? ""),
        supported: "schedulers with betas (DDPMScheduler and the like), CMStochasticIterative, EDMEuler, "
          + "EDMDPMSolverMultistep, FlowMatchEulerDiscrete, FlowMatchHeunDiscrete and ScoreSdeVe")
    }
    for key in Self.described { model.otherFiles[key] = file }
    var description = model.description
    description.scheduler = className
    description.diffusionSteps = numTrainTimesteps ?? 1000
    if let timestepSpacing {
      try require(
        "timestep_spacing", ["leading", "trailing", "linspace"].contains(timestepSpacing), timestepSpacing,
        "leading, trailing and linspace")
    }
    description.timestepSpacing = timestepSpacing
    description.stepsOffset = stepsOffset == 0 ? nil : stepsOffset
    description.setAlphaToOne = setAlphaToOne ?? known.setsAlphaToOne ? nil : false
    description.useKarrasSigmas = useKarrasSigmas == true ? true : nil
    description.clipDenoised = clipSample ?? known.clips
    description.clipSampleRange = description.clipDenoised == true ? clipSampleRange : nil
    if thresholding == true {
      description.thresholding = true
      description.dynamicThresholdingRatio = dynamicThresholdingRatio ?? 0.995
      description.sampleMaxValue = sampleMaxValue ?? 1
    }
    try describeBetas(&description, known, file: file)

    switch predictionType ?? (predictEpsilon == false ? "sample" : "epsilon") {
    case "epsilon": description.prediction = "epsilon"
    case "sample": description.prediction = "sample"
    case "v_prediction": description.prediction = "v"
    case let type: try require("prediction_type", false, type, "epsilon, sample and v_prediction")
    }
    if varianceType?.hasPrefix("fixed") == true, let (taken, out) = channels(of: description), out != taken {
      try require(
        "variance_type", false, varianceType ?? "",
        "learned_range, as the network takes \(taken) channels and puts out \(out),")
    }
    // DDPMScheduler's default. Other schedulers have none and sample as if it were this.
    switch varianceType ?? "fixed_small" {
    case "fixed_small", "fixed_small_log": description.sigmaSmall = true
    case "fixed_large", "fixed_large_log": description.sigmaSmall = false
    case "learned_range": description.learnSigma = true
    case let type: try require("variance_type", false, type, "fixed_small, fixed_large and learned_range")
    }
    model.description = description
    model.unfollowed = unfollowed(known).map { ResolvedSetting(key: $0, value: $1, source: .file(file)) }
  }

  private func channels(of description: ModelDescription) -> (taken: Int, out: Int)? {
    guard let taken = description.inChannels, let out = description.outChannels else { return nil }
    return (taken, out)
  }

  private func describeBetas(
    _ description: inout ModelDescription, _ known: DiffusersSchedulerClass, file: String
  ) throws(CheckpointError) {
    description.trainedBetas = trainedBetas
    description.rescaleBetasZeroSnr = rescaleBetasZeroSnr == true ? true : nil
    if trainedBetas != nil { return }
    let schedules = [
      "linear": "linear", "scaled_linear": "scaled_linear", "squaredcos_cap_v2": "cosine", "sigmoid": "sigmoid_beta",
      "laplace": "laplace",
    ]
    let schedule = betaSchedule ?? known.schedule
    guard let name = schedules[schedule] else {
      throw .unsupported(
        file: file, key: "beta_schedule", value: sanitizedLine(schedule),
        supported: "linear, scaled_linear, squaredcos_cap_v2, sigmoid and laplace")
    }
    description.noiseSchedule = name
    if name != "cosine" && name != "laplace" {
      description.betaStart = betaStart ?? known.betas.first
      description.betaEnd = betaEnd ?? known.betas.last
    }
  }

  /// The settings that this program's samplers do not follow, where they differ from what these do.
  private func unfollowed(_ known: DiffusersSchedulerClass) -> [(key: String, value: String)] {
    var settings: [(key: String, value: String)] = []
    func add(_ key: String, _ value: String?, unless usual: String...) {
      if let value, !usual.contains(value) { settings.append((key, sanitizedLine(value))) }
    }
    if !known.hasSampler { add("_class_name", className) }
    if known.name == "PNDM" && skipPrkSteps != true { add("skip_prk_steps", "false") }
    add("lambda_min_clipped", lambdaMinClipped.map(numberText))
    add("use_lu_lambdas", useLuLambdas.map { "\($0)" }, unless: "false")
    add("use_exponential_sigmas", useExponentialSigmas.map { "\($0)" }, unless: "false")
    add("use_beta_sigmas", useBetaSigmas.map { "\($0)" }, unless: "false")
    add("use_flow_sigmas", useFlowSigmas.map { "\($0)" }, unless: "false")
    add("interpolation_type", interpolationType, unless: "linear")
    add("sigma_min", sigmaMin.map(numberText))
    add("sigma_max", sigmaMax.map(numberText))
    return settings + unfollowedSolver
  }

  /// The settings of a solver that this program's does not follow.
  var unfollowedSolver: [(key: String, value: String)] {
    var settings: [(key: String, value: String)] = []
    func add(_ key: String, _ value: String?, unless usual: String...) {
      if let value, !usual.contains(value) { settings.append((key, sanitizedLine(value))) }
    }
    add("solver_order", solverOrder.map { "\($0)" }, unless: "2")
    add("algorithm_type", algorithmType, unless: "dpmsolver++", "sde-dpmsolver++")
    add("solver_type", solverType, unless: "midpoint", "bh2", "logrho")
    add("final_sigmas_type", finalSigmasType, unless: "zero")
    add("euler_at_final", eulerAtFinal.map { "\($0)" }, unless: "false")
    add("lower_order_final", lowerOrderFinal.map { "\($0)" }, unless: "true")
    return settings
  }
}
