import DiffusionCheckpoints

/// The `scheduler_config.json` of a diffusers pipeline, as far as it describes the process that the model was trained
/// on.
struct DiffusersScheduler: Decodable {
  let numTrainTimesteps: Int?
  let betaStart: Double?
  let betaEnd: Double?
  let betaSchedule: String?
  let trainedBetas: [Double]?
  let varianceType: String?
  let clipSample: Bool?
  let clipSampleRange: Double?
  let predictionType: String?
  let thresholding: Bool?
  let rescaleBetasZeroSnr: Bool?
  let timestepSpacing: String?

  /// Adds its settings to `description`, with the schedulers' defaults for missing keys.
  ///
  /// - Throws: `CheckpointError.unsupported`, with key and value, if a value is not supported.
  func describe(_ description: inout ModelDescription, file: String) throws(CheckpointError) {
    func require(_ key: String, _ isSupported: Bool, _ value: String, _ supported: String) throws(CheckpointError) {
      if !isSupported { throw .unsupported(file: file, key: key, value: value, supported: supported) }
    }
    try require("trained_betas", trainedBetas == nil, "a list", "null")
    try require("thresholding", thresholding != true, "true", "false")
    try require("rescale_betas_zero_snr", rescaleBetasZeroSnr != true, "true", "false")
    try require("clip_sample_range", clipSampleRange ?? 1 == 1, "\(clipSampleRange ?? 1)", "1")
    if let timestepSpacing {
      try require(
        "timestep_spacing", ["leading", "trailing", "linspace"].contains(timestepSpacing), timestepSpacing,
        "leading, trailing and linspace")
    }
    description.timestepSpacing = timestepSpacing
    description.diffusionSteps = numTrainTimesteps ?? 1000
    description.clipDenoised = clipSample ?? true

    switch betaSchedule ?? "linear" {
    case "squaredcos_cap_v2": description.noiseSchedule = "cosine"
    case let schedule:
      try require(
        "beta_schedule", ["linear", "scaled_linear"].contains(schedule), schedule,
        "linear, scaled_linear and squaredcos_cap_v2")
      description.noiseSchedule = schedule
      description.betaStart = betaStart ?? 1e-4
      description.betaEnd = betaEnd ?? 0.02
    }
    switch predictionType ?? "epsilon" {
    case "epsilon": description.predictXstart = false
    case "sample": description.predictXstart = true
    case let type: try require("prediction_type", false, type, "epsilon and sample")
    }
    // DDPMScheduler's default. Other schedulers have none and sample as if it were this.
    switch varianceType ?? "fixed_small" {
    case "fixed_small", "fixed_small_log": description.sigmaSmall = true
    case "fixed_large", "fixed_large_log": description.sigmaSmall = false
    case "learned_range": description.learnSigma = true
    case let type: try require("variance_type", false, type, "fixed_small, fixed_large and learned_range")
    }
  }
}
