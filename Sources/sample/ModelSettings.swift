import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import TensorCore

/// All that must be known of a model besides its tensors: what they show by their shapes, what its file says, what the flags say,
/// what is known of published models, and then the defaults of its family's scripts.
struct ModelSettings {
  let kind: Architecture.Kind
  let family: Family
  let unet: UNetConfiguration
  let imageSize: Int
  let diffusionSteps: Int
  let betas: [Double]
  /// The schedule, if it is one of the original's.
  let schedule: BetaSchedule?
  let rescaleTimesteps: Bool
  let meanType: ModelMeanType
  let varType: ModelVarType
  let clipDenoised: Bool
  /// How the steps of samplers are spread, where the file says so.
  let spacing: TimestepSpacing?
  let nullClass: Int?
  let classNames: [String]
  let recommendedGuidance: Double?
  /// What has been settled, and from where.
  let facts: [ResolvedSetting]
  /// All of it, as a file beside the model would say it.
  let description: ModelDescription
  /// The published model of just these shapes, if there is one.
  let published: PublishedModel?

  /// - Parameters:
  ///   - architecture: what the tensors show.
  ///   - described: what the file says, if it says anything.
  ///   - name: what errors call the model.
  /// - Throws: `SettingsError` where two of these contradict each other, or no network can be as they say.
  init(
    _ architecture: Architecture, described: DescribedModel?, isDiffusers: Bool, flags: ModelFlags, name: String
  ) throws {
    published = PublishedModel.matching(architecture, isDiffusers: isDiffusers)
    family = try Family(
      described?.description.family ?? published?.description.family, architecture, isDiffusers: isDiffusers,
      flags: flags, name: name)
    var known = SettingsResolver(
      name: name, tensors: architecture.description, file: described.map(architecture.onlyLevels),
      flags: try ModelDescription(flags), published: published.map { ($0.name, $0.description) },
      upstream: family.defaults(architecture, described: described?.description))

    kind = architecture.kind
    _ = try known.settle("kind", \.kind)
    imageSize = try known.settle("image_size", \.imageSize, else: 64)
    guard (1...4096).contains(imageSize) else {
      throw SettingsError("\(name): images of \(imageSize) pixels cannot be drawn; --image-size is 1 to 4096")
    }
    try Self.checkShapes(&known, architecture, flags, imageSize: imageSize)
    try Self.checkClasses(&known, flags)
    let learnSigma = try Self.learnSigma(&known, architecture)
    unet = try Self.configuration(&known, architecture, imageSize: imageSize, family: family)

    nullClass = try known.settle("null_class", \.nullClass)
    if let nullClass, !(0..<(unet.numClasses ?? 0)).contains(nullClass) {
      throw SettingsError("\(name): the null class \(nullClass) is none of its \(unet.numClasses ?? 0) classes")
    }
    classNames = described?.description.classNames ?? []
    recommendedGuidance = described?.description.recommendedGuidance

    diffusionSteps = try known.settle("diffusion_steps", \.diffusionSteps, else: 1000)
    let allowed = ModelFlags.diffusionStepsAllowed
    guard allowed.contains(diffusionSteps) else {
      throw SettingsError(
        "\(name): a process of \(diffusionSteps) steps is not one of \(allowed.lowerBound) to \(allowed.upperBound)")
    }
    (schedule, betas) = try Self.schedule(&known, steps: diffusionSteps)
    rescaleTimesteps = try known.settle("rescale_timesteps", \.rescaleTimesteps, else: false)
    meanType = try known.settle("predict_xstart", \.predictXstart, else: false) ? .startX : .epsilon
    let sigmaSmall = learnSigma ? false : try known.settle("sigma_small", \.sigmaSmall, else: false)
    varType = learnSigma ? .learnedRange : sigmaSmall ? .fixedSmall : .fixedLarge
    clipDenoised = described?.description.clipDenoised ?? true
    spacing = try described?.description.timestepSpacing.map { text in
      guard let spacing = TimestepSpacing(rawValue: text) else {
        throw SettingsError(
          "\(name): the timestep spacing \(text) is not known; leading, trailing, linspace and karras are")
      }
      return spacing
    }
    facts = known.facts
    var description = known.settled
    description.family = family.name
    description.learnSigma = learnSigma
    self.description = description
  }

  /// The classes that can be drawn: all but the one that stands for none.
  var drawableClasses: [Int] { (0..<(unet.numClasses ?? 0)).filter { $0 != nullClass } }

  /// What a class is called, or its number.
  func name(ofClass label: Int) -> String { label < classNames.count ? classNames[label] : "\(label)" }

  /// What the tensors show, held against what file and flags say of it.
  private static func checkShapes(
    _ known: inout SettingsResolver, _ architecture: Architecture, _ flags: ModelFlags, imageSize: Int
  ) throws {
    _ = try known.settle("in_channels", \.inChannels)
    _ = try known.settle("model_channels", \.modelChannels, flag: "num-channels")
    _ = try known.settle("channel_mult", \.channelMult)
    _ = try known.settle("num_res_blocks", \.numResBlocks)
    _ = try known.settle("attention_resolutions", \.attentionResolutions)
    // The command line gives the sizes of the picture at which there is attention.
    if let resolutions = flags.attentionResolutions {
      let factors = architecture.onlyLevels(resolutions.filter { $0 <= imageSize }.map { imageSize / $0 })
      let found = architecture.configuration.attentionResolutions.sorted()
      guard factors == found else {
        let sizes = found.map { "\(imageSize / $0)" }.joined(separator: ",")
        throw SettingsError(
          "--attention-resolutions \(resolutions.map(String.init).joined(separator: ",")) contradicts \(known.name), whose tensors have attention \(found.isEmpty ? "nowhere but in the middle" : "at \(sizes)"); leave --attention-resolutions out, or check --image-size (\(imageSize))"
        )
      }
    }
    _ = try known.settle("use_scale_shift_norm", \.useScaleShiftNorm)
    _ = try known.settle("resblock_updown", \.resblockUpdown)
    _ = try known.settle("conv_resample", \.convResample)
  }

  private static func checkClasses(_ known: inout SettingsResolver, _ flags: ModelFlags) throws {
    let count = known.tensors.numClasses
    if flags.classCond == true && count == nil {
      throw SettingsError(
        "--class-cond True contradicts \(known.name), which has no classes (no tensor label_emb.weight); leave --class-cond out"
      )
    }
    if flags.classCond == false, let count {
      throw SettingsError("--class-cond False contradicts the \(count) classes of \(known.name); leave it out")
    }
    if count == nil, let claimed = known.file?.description.numClasses ?? flags.numClasses {
      throw SettingsError(
        "\(known.name): has no classes (no tensor label_emb.weight), but \(known.file?.description.numClasses == nil ? "--num-classes says" : "its description says") \(claimed)"
      )
    }
    _ = try known.settle("num_classes", \.numClasses)
  }

  /// Whether the network puts out the variance too: twice as many channels as it takes.
  private static func learnSigma(_ known: inout SettingsResolver, _ architecture: Architecture) throws -> Bool {
    _ = try known.settle("out_channels", \.outChannels)
    guard architecture.kind != .classifier else { return false }
    let (taken, out) = (architecture.configuration.imageChannels, architecture.configuration.outChannels)
    guard out == taken || out == 2 * taken else {
      throw SettingsError(
        "\(known.name): a model that takes \(taken) channels and puts out \(out) predicts neither images nor images and their variance"
      )
    }
    let learns = out == 2 * taken
    if let claimed = known.flags.learnSigma, claimed != learns {
      throw SettingsError(
        "--learn-sigma \(claimed ? "True" : "False") contradicts \(known.name), which takes \(taken) channels and puts out \(out); leave --learn-sigma out"
      )
    }
    if let file = known.file, let claimed = file.description.learnSigma, claimed != learns {
      throw SettingsError(
        "\(file.file): \"learn_sigma\" is \(claimed), but \(known.name) takes \(taken) channels and puts out \(out); correct it, or leave it out"
      )
    }
    return learns
  }

  /// The configuration, with what shapes do not show.
  private static func configuration(
    _ known: inout SettingsResolver, _ architecture: Architecture, imageSize: Int, family: Family
  ) throws -> UNetConfiguration {
    var hidden = ModelDescription()
    hidden.family = family.rawValue
    hidden.imageSize = imageSize
    try known.settleHeads()
    hidden.numHeads = known.settled.numHeads
    hidden.numHeadChannels = known.settled.numHeadChannels
    hidden.numHeadsUpsample = known.settled.numHeadsUpsample
    hidden.useNewAttentionOrder = try known.settle("use_new_attention_order", \.useNewAttentionOrder)
    hidden.normNumGroups = try known.settle("norm_num_groups", \.normNumGroups)
    hidden.normEps = try known.settle("norm_eps", \.normEps)
    hidden.middleAttentionNorm = try known.settle("middle_attention_norm", \.middleAttentionNorm)
    hidden.downsamplePadding = try known.settle("downsample_padding", \.downsamplePadding)
    hidden.freqShift = try known.settle("freq_shift", \.freqShift)
    hidden.flipSinToCos = try known.settle("flip_sin_to_cos", \.flipSinToCos)
    var configuration = architecture.configuration
    configuration.adopt(hidden)
    do { try configuration.validate() } catch { throw SettingsError("\(known.name): \(error)") }
    guard imageSize % configuration.sizeMultiple == 0 else {
      throw SettingsError(
        "\(known.name): images of \(imageSize) pixels cannot be halved \(configuration.channelMult.count - 1) times; --image-size must be a multiple of \(configuration.sizeMultiple)"
      )
    }
    return configuration
  }

  private static func schedule(
    _ known: inout SettingsResolver, steps: Int
  ) throws -> (named: BetaSchedule?, betas: [Double]) {
    let schedule = try known.settle("noise_schedule", \.noiseSchedule, else: "linear")
    let first = try known.settle("beta_start", \.betaStart)
    let last = try known.settle("beta_end", \.betaEnd)
    if let first, let last, ["linear", "scaled_linear"].contains(schedule) {
      guard 0 < first, first <= last, last < 1 else {
        throw SettingsError(
          "\(known.name): a schedule from beta_start \(first) to beta_end \(last) is none; they rise between 0 and 1")
      }
      return (nil, DiffusionCore.betas(from: first, to: last, steps: steps, inSquareRoots: schedule == "scaled_linear"))
    }
    guard let schedule = BetaSchedule(rawValue: schedule) else {
      throw SettingsError(
        "\(known.name): the noise schedule \(schedule) is not known; linear and cosine are, and linear and scaled_linear with beta_start and beta_end"
      )
    }
    return (schedule, schedule.betas(steps: steps))
  }
}
