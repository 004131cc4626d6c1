import DiffusionCore

// The settings of a process and of its sampling, which no network's tensors show.

extension SettingsResolver {
  /// Resolves the settings of the process that shapes do not show.
  mutating func resolveProcess(learnSigma: Bool) throws(ModelError) {
    _ = try resolve("scheduler", \.scheduler)
    let process = try resolve("process", \.process, overridesFile: true)
    if let process, process != "diffusion", process != ContinuousDiffusion.Form.discreteConsistency.rawValue {
      try refuseTimestepSettings(process)
      // The defaults of a process in timesteps are not this one's.
      if [tensors, file?.description, stated].contains(where: { $0?.diffusionSteps != nil }) {
        _ = try resolve("diffusion_steps", \.diffusionSteps)
      }
      _ = try resolve("sigma_min", \.sigmaMin)
      _ = try resolve("sigma_max", \.sigmaMax)
      _ = try resolve("sigma_data", \.sigmaData)
      _ = try resolve("rho", \.rho)
      _ = try resolve("sigma_log_scale", \.sigmaLogScale)
      _ = try resolve("shift", \.shift)
      _ = try resolve("langevin_ratio", \.langevinRatio)
      _ = try resolve("langevin_steps", \.langevinSteps)
      return
    }
    if stated.sigmaMin != nil || stated.sigmaMax != nil {
      throw .unusable(
        reason:
          "\(name): --sigma-min and --sigma-max are settings of EDM, consistency and score models; leave them out"
      )
    }
    _ = try resolve("diffusion_steps", \.diffusionSteps)
    if try resolve("trained_betas", \.trainedBetas) == nil {
      let schedule = try resolve("noise_schedule", \.noiseSchedule)
      if ["linear", "scaled_linear", "sigmoid_beta"].contains(schedule) {
        _ = try resolve("beta_start", \.betaStart)
        _ = try resolve("beta_end", \.betaEnd)
      }
    }
    _ = try resolve("conditioning", \.conditioning)
    _ = try resolve("rescale_timesteps", \.rescaleTimesteps)
    _ = try resolve("rescale_betas_zero_snr", \.rescaleBetasZeroSnr)
    _ = try resolve("prediction", \.prediction, overridesFile: true)
    if !learnSigma { _ = try resolve("sigma_small", \.sigmaSmall) }
  }

  /// - Throws: `ModelError.unusable` if the user states what only other processes have.
  private func refuseTimestepSettings(_ process: String) throws(ModelError) {
    let isFlow = ContinuousDiffusion.Form(rawValue: process)?.isFlow == true
    let countsSteps = ["consistency", "rectified-flow", "ve"].contains(process)
    let prediction = stated.prediction
    let refused = [
      ("what is predicted (--prediction, --predict-xstart)", prediction != nil && !(isFlow && prediction == "v")),
      ("--noise-schedule", stated.noiseSchedule != nil),
      ("--diffusion-steps", stated.diffusionSteps != nil && !countsSteps),
      ("--sigma-min", isFlow && stated.sigmaMin != nil), ("--sigma-max", isFlow && stated.sigmaMax != nil),
      ("--rescale-timesteps", stated.rescaleTimesteps != nil), ("--sigma-small", stated.sigmaSmall != nil),
    ].first(where: \.1)?.0
    guard let refused else { return }
    throw .unusable(
      reason:
        """
        \(name): \(refused) is a setting of other processes, and its process is \(process)\
        \(isFlow ? ", which predicts the velocity" : ""); leave it out\
        \(stated.process == nil ? ", or type --process diffusion" : "")
        """)
  }

  /// How x̂₀ is clipped at each step; to [-1, 1] if the file does not say.
  mutating func resolveClipping() throws(ModelError) -> Clipping {
    let form = resolved.process.flatMap(ContinuousDiffusion.Form.init)
    let clips = try resolve("clip_denoised", \.clipDenoised) ?? form?.clips ?? true
    if try resolve("thresholding", \.thresholding) == true {
      let quantile = try resolve("dynamic_thresholding_ratio", \.dynamicThresholdingRatio) ?? 0.995
      let maximum = try resolve("sample_max_value", \.sampleMaxValue) ?? 1
      guard (0...1).contains(quantile), maximum >= 1, maximum.isFinite else {
        throw .unusable(
          reason:
            """
            \(name): thresholding needs a dynamic_thresholding_ratio from 0 to 1 and a sample_max_value from 1 up
            """)
      }
      return .thresholding(quantile: quantile, maximum: maximum)
    }
    guard clips else { return .none }
    let bound = try resolve("clip_sample_range", \.clipSampleRange) ?? 1
    guard bound > 0, bound.isFinite else {
      throw .unusable(reason: "\(name): clip_sample_range is \(bound), but must be above 0")
    }
    return .range(bound)
  }

  /// Resolves how a scheduler's file spaces the steps of a process in timesteps.
  mutating func resolveSpacing(_ specification: inout ModelSpecification) throws(ModelError) {
    specification.spacing = try resolvedSpacing()
    specification.usesKarrasSigmas = try resolve("use_karras_sigmas", \.useKarrasSigmas) ?? false
    let offset = try resolve("steps_offset", \.stepsOffset) ?? 0
    guard (0..<specification.process.steps).contains(offset) else {
      throw .unusable(
        reason:
          "\(name): steps_offset is \(offset), but its timesteps are 0 to \(specification.process.steps - 1)")
    }
    specification.conventions.levels.stepsOffset = offset
    specification.conventions.levels.endsAtTimestepZero =
      try resolve("set_alpha_to_one", \.setAlphaToOne) == false
  }

  private mutating func resolvedSpacing() throws(ModelError) -> TimestepSpacing? {
    guard let text = try resolve("timestep_spacing", \.timestepSpacing) else { return nil }
    guard let spacing = TimestepSpacing(rawValue: text) else {
      throw .unusable(
        reason:
          "\(name): the timestep spacing \(text) is not known; leading, trailing, linspace and karras are")
    }
    return spacing
  }
}
