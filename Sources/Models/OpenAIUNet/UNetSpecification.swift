import DiffusionCore
import DiffusionFiles
import TensorCore

extension UNetCheckpoint {
  /// Resolves the settings that the tensors do not show, with the family's defaults for the rest.
  ///
  /// - Parameters:
  ///   - family: the family's name.
  ///   - stated: the user's settings.
  ///   - shown: what the family's names show: the attention heads and their order.
  ///   - upstream: the defaults of the family's scripts.
  ///   - conventions: how the family's samplers differ from the original's.
  /// - Throws: `ModelError` if two of these contradict each other, or describe an impossible network.
  func specification(
    family: String, _ stated: StatedSettings, shown: ModelDescription, upstream: ModelDescription,
    conventions: SamplingConventions
  ) throws(ModelError) -> ModelSpecification {
    let name = checkpoint.name
    if let problem = stated.predictionProblem { throw .unusable(reason: problem) }
    var tensors = architecture.description
    (tensors.numHeads, tensors.useNewAttentionOrder) = (shown.numHeads, shown.useNewAttentionOrder)
    var known = SettingsResolver(
      name: name, tensors: tensors, file: checkpoint.described.map(architecture.onlyLevels),
      stated: ModelDescription(stated), published: published.map { ($0.name, $0.description) }, upstream: upstream)
    _ = try known.resolve("kind", \.kind)
    let imageSize = try known.resolve("image_size", \.imageSize, else: 64)
    guard (1...4096).contains(imageSize) else {
      throw .unusable(
        reason: "\(name): images of \(imageSize) pixels cannot be drawn; --image-size is 1 to 4096")
    }
    try Self.checkShapes(&known, architecture, stated, imageSize: imageSize)
    try Self.checkClasses(&known, stated)
    let learnSigma = try Self.learnSigma(&known, architecture)
    try Self.resolveHidden(&known)
    func described() -> ModelDescription {
      var description = known.resolved
      description.family = family
      // Images' two are the default.
      if architecture.configuration.dims != 2 { description.dims = architecture.configuration.dims }
      return description
    }
    try Self.validate(described(), name: name)

    let nullClass = try known.resolve("null_class", \.nullClass)
    let classCount = architecture.configuration.numClasses
    if let nullClass, !(0..<(classCount ?? 0)).contains(nullClass) {
      throw .unusable(reason: "\(name): the null class \(nullClass) is none of its \(classCount ?? 0) classes")
    }
    if nullClass != nil && classCount == 1 {
      throw .unusable(reason: "\(name): its only class is the null class, so there is nothing to draw")
    }
    try Self.resolveProcess(&known, learnSigma: learnSigma)
    let clipping = try Self.clipping(&known)
    var description = described()
    description.learnSigma = learnSigma

    var specification = ModelSpecification(
      family: family, kind: architecture.kind.rawValue, imageSize: imageSize,
      imageChannels: architecture.configuration.imageChannels,
      process: try ProcessSpecification(description, name: name))
    specification.task = architecture.kind.task
    specification.dimensions = architecture.configuration.dims
    specification.classCount = architecture.kind == .classifier ? architecture.configuration.outChannels : classCount
    specification.nullClass = nullClass
    let described = checkpoint.described?.description
    specification.classNames = described?.classNames ?? []
    specification.clipping = clipping
    specification.recommendedGuidance = described?.recommendedGuidance
    specification.recommendedSampler = described?.recommendedSampler
    specification.conventions = conventions
    if let continuous = specification.process.continuous {
      guard !learnSigma || continuous.form == .edmIDDPM else {
        throw .unusable(
          reason:
            """
            \(name): puts out a variance too, which no model of the process \(continuous.form.rawValue) does; \
            leave --process out
            """)
      }
    } else {
      try Self.resolveSpacing(&known, &specification)
    }
    if let average = checkpoint.state.origin.unfitAverage {
      specification.remarks = [
        """
        the average under \(average.joined(separator: ".")) does not fit the tensors of the raw weights, which are \
        used in its place
        """
      ]
    }
    specification.unfollowed = checkpoint.described?.unfollowed ?? []
    specification.settings = known.settings
    specification.description = description
    specification.published = published?.name
    return specification
  }

  /// Resolves the settings of the process that shapes do not show.
  private static func resolveProcess(_ known: inout SettingsResolver, learnSigma: Bool) throws(ModelError) {
    _ = try known.resolve("scheduler", \.scheduler)
    let process = try known.resolve("process", \.process, overridesFile: true)
    if let process, process != "diffusion" {
      try refuseTimestepSettings(known, process)
      // The defaults of a process in timesteps are not this one's.
      if known.file?.description.diffusionSteps != nil || known.stated.diffusionSteps != nil {
        _ = try known.resolve("diffusion_steps", \.diffusionSteps)
      }
      _ = try known.resolve("sigma_min", \.sigmaMin)
      _ = try known.resolve("sigma_max", \.sigmaMax)
      _ = try known.resolve("sigma_data", \.sigmaData)
      _ = try known.resolve("rho", \.rho)
      _ = try known.resolve("sigma_log_scale", \.sigmaLogScale)
      _ = try known.resolve("shift", \.shift)
      _ = try known.resolve("langevin_ratio", \.langevinRatio)
      _ = try known.resolve("langevin_steps", \.langevinSteps)
      return
    }
    if known.stated.sigmaMin != nil || known.stated.sigmaMax != nil {
      throw .unusable(
        reason:
          "\(known.name): --sigma-min and --sigma-max are settings of EDM, consistency and score models; leave them out"
      )
    }
    _ = try known.resolve("diffusion_steps", \.diffusionSteps)
    if try known.resolve("trained_betas", \.trainedBetas) == nil {
      let schedule = try known.resolve("noise_schedule", \.noiseSchedule)
      if ["linear", "scaled_linear", "sigmoid_beta"].contains(schedule) {
        _ = try known.resolve("beta_start", \.betaStart)
        _ = try known.resolve("beta_end", \.betaEnd)
      }
    }
    _ = try known.resolve("rescale_timesteps", \.rescaleTimesteps)
    _ = try known.resolve("rescale_betas_zero_snr", \.rescaleBetasZeroSnr)
    _ = try known.resolve("prediction", \.prediction, overridesFile: true)
    if !learnSigma { _ = try known.resolve("sigma_small", \.sigmaSmall) }
  }

  /// - Throws: `ModelError.unusable` if the user states what only other processes have.
  private static func refuseTimestepSettings(_ known: SettingsResolver, _ process: String) throws(ModelError) {
    let isFlow = ContinuousDiffusion.Form(rawValue: process)?.isFlow == true
    let countsSteps = ["consistency", "rectified-flow", "ve"].contains(process)
    let prediction = known.stated.prediction
    let stated = [
      ("what is predicted (--prediction, --predict-xstart)", prediction != nil && !(isFlow && prediction == "v")),
      ("--noise-schedule", known.stated.noiseSchedule != nil),
      ("--diffusion-steps", known.stated.diffusionSteps != nil && !countsSteps),
      ("--sigma-min", isFlow && known.stated.sigmaMin != nil), ("--sigma-max", isFlow && known.stated.sigmaMax != nil),
      ("--rescale-timesteps", known.stated.rescaleTimesteps != nil), ("--sigma-small", known.stated.sigmaSmall != nil),
    ].first(where: \.1)?.0
    guard let stated else { return }
    throw .unusable(
      reason:
        """
        \(known.name): \(stated) is a setting of other processes, and its process is \(process)\
        \(isFlow ? ", which predicts the velocity" : ""); leave it out\
        \(known.stated.process == nil ? ", or type --process diffusion" : "")
        """)
  }

  /// How x̂₀ is clipped at each step; to [-1, 1] if the file does not say.
  private static func clipping(_ known: inout SettingsResolver) throws(ModelError) -> Clipping {
    let form = known.resolved.process.flatMap(ContinuousDiffusion.Form.init)
    let clips = try known.resolve("clip_denoised", \.clipDenoised) ?? form?.clips ?? true
    if try known.resolve("thresholding", \.thresholding) == true {
      let quantile = try known.resolve("dynamic_thresholding_ratio", \.dynamicThresholdingRatio) ?? 0.995
      let maximum = try known.resolve("sample_max_value", \.sampleMaxValue) ?? 1
      guard (0...1).contains(quantile), maximum >= 1, maximum.isFinite else {
        throw .unusable(
          reason:
            """
            \(known.name): thresholding needs a dynamic_thresholding_ratio from 0 to 1 and a sample_max_value from 1 up
            """)
      }
      return .thresholding(quantile: quantile, maximum: maximum)
    }
    guard clips else { return .none }
    let bound = try known.resolve("clip_sample_range", \.clipSampleRange) ?? 1
    guard bound > 0, bound.isFinite else {
      throw .unusable(reason: "\(known.name): clip_sample_range is \(bound), but must be above 0")
    }
    return .range(bound)
  }

  /// Resolves how a scheduler's file spaces the steps of a process in timesteps.
  private static func resolveSpacing(
    _ known: inout SettingsResolver, _ specification: inout ModelSpecification
  ) throws(ModelError) {
    specification.spacing = try spacing(&known)
    specification.usesKarrasSigmas = try known.resolve("use_karras_sigmas", \.useKarrasSigmas) ?? false
    let offset = try known.resolve("steps_offset", \.stepsOffset) ?? 0
    guard (0..<specification.process.steps).contains(offset) else {
      throw .unusable(
        reason:
          "\(known.name): steps_offset is \(offset), but its timesteps are 0 to \(specification.process.steps - 1)")
    }
    specification.conventions.levels.stepsOffset = offset
    specification.conventions.levels.endsAtTimestepZero =
      try known.resolve("set_alpha_to_one", \.setAlphaToOne) == false
  }

  private static func spacing(_ known: inout SettingsResolver) throws(ModelError) -> TimestepSpacing? {
    let name = known.name
    guard let text = try known.resolve("timestep_spacing", \.timestepSpacing) else { return nil }
    guard let spacing = TimestepSpacing(rawValue: text) else {
      throw .unusable(
        reason:
          "\(name): the timestep spacing \(text) is not known; leading, trailing, linspace and karras are")
    }
    return spacing
  }

  /// Checks what file and flags say against what the tensors show.
  private static func checkShapes(
    _ known: inout SettingsResolver, _ architecture: Architecture, _ stated: StatedSettings, imageSize: Int
  ) throws(ModelError) {
    _ = try known.resolve("in_channels", \.inChannels)
    _ = try known.resolve("model_channels", \.modelChannels, flag: "num-channels")
    _ = try known.resolve("channel_mult", \.channelMult)
    _ = try known.resolve("num_res_blocks", \.numResBlocks)
    _ = try known.resolve("attention_resolutions", \.attentionResolutions)
    // The command line gives the image sizes at which there is attention.
    if let resolutions = stated.attentionResolutions {
      let factors = architecture.onlyLevels(resolutions.filter { (1...imageSize).contains($0) }.map { imageSize / $0 })
      let found = architecture.configuration.attentionResolutions.sorted()
      guard factors == found else {
        let sizes = found.map { "\(imageSize / $0)" }.joined(separator: ",")
        throw .unusable(
          reason:
            """
            --attention-resolutions \(resolutions.map(String.init).joined(separator: ",")) contradicts \(known.name), \
            whose tensors have attention \(found.isEmpty ? "nowhere but in the middle" : "at \(sizes)"); leave \
            --attention-resolutions out, or check --image-size (\(imageSize))
            """)
      }
    }
    _ = try known.resolve("use_scale_shift_norm", \.useScaleShiftNorm)
    _ = try known.resolve("resblock_updown", \.resblockUpdown)
    _ = try known.resolve("conv_resample", \.convResample)
  }

  private static func checkClasses(_ known: inout SettingsResolver, _ stated: StatedSettings) throws(ModelError) {
    let count = known.tensors.numClasses
    if stated.classCond == true && count == nil {
      throw .unusable(
        reason:
          """
          --class-cond True contradicts \(known.name), which has no classes (no tensor label_emb.weight); \
          leave --class-cond out
          """)
    }
    if stated.classCond == false, let count {
      throw .unusable(reason: "--class-cond False contradicts the \(count) classes of \(known.name); leave it out")
    }
    if count == nil, let claimed = known.file?.description.numClasses ?? stated.numClasses {
      throw .unusable(
        reason:
          """
          \(known.name): has no classes (no tensor label_emb.weight), but \
          \(known.file?.description.numClasses == nil ? "--num-classes says" : "its description says") \(claimed)
          """)
    }
    _ = try known.resolve("num_classes", \.numClasses)
  }

  /// Whether the network also outputs the variance: twice as many channels as it takes.
  private static func learnSigma(_ known: inout SettingsResolver, _ architecture: Architecture) throws(ModelError)
    -> Bool
  {
    _ = try known.resolve("out_channels", \.outChannels)
    guard architecture.kind != .classifier else { return false }
    let (taken, out) = (architecture.configuration.imageChannels, architecture.configuration.outChannels)
    guard out == taken || out == 2 * taken else {
      throw .unusable(
        reason:
          """
          \(known.name): a model that takes \(taken) channels and puts out \(out) predicts neither images nor images \
          and their variance
          """)
    }
    let learns = out == 2 * taken
    if let claimed = known.stated.learnSigma, claimed != learns {
      throw .unusable(
        reason:
          """
          --learn-sigma \(claimed ? "True" : "False") contradicts \(known.name), \
          which takes \(taken) channels and puts out \(out); leave --learn-sigma out
          """)
    }
    if let file = known.file, let claimed = file.description.learnSigma, claimed != learns {
      throw .unusable(
        reason:
          """
          \(file.file): "learn_sigma" is \(claimed), but \(known.name) takes \(taken) channels and puts out \(out); \
          correct it, or leave it out
          """)
    }
    return learns
  }

  /// Resolves the settings of the network that shapes do not show.
  private static func resolveHidden(_ known: inout SettingsResolver) throws(ModelError) {
    try known.resolveHeads()
    _ = try known.resolve("use_new_attention_order", \.useNewAttentionOrder)
    _ = try known.resolve("norm_num_groups", \.normNumGroups)
    _ = try known.resolve("norm_eps", \.normEps)
    _ = try known.resolve("middle_attention_norm", \.middleAttentionNorm)
    _ = try known.resolve("downsample_padding", \.downsamplePadding)
    _ = try known.resolve("freq_shift", \.freqShift)
    _ = try known.resolve("flip_sin_to_cos", \.flipSinToCos)
  }

  /// Checks that the network is possible, and fits the image size.
  private static func validate(_ description: ModelDescription, name: String) throws(ModelError) {
    let configuration = UNetConfiguration(description)
    do { try configuration.validate() } catch { throw .unusable(reason: "\(name): \(error)") }
    let imageSize = description.imageSize ?? 0
    guard imageSize % configuration.sizeMultiple == 0 else {
      throw .unusable(
        reason:
          """
          \(name): images of \(imageSize) pixels cannot be halved \(configuration.channelMult.count - 1) times; \
          --image-size must be a multiple of \(configuration.sizeMultiple)
          """)
    }
  }
}
