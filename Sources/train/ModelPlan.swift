import DiffusionCheckpoints
import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import DiffusionTraining

/// The model that a command line asks for, with the defaults of the original's scripts.
struct ModelPlan {
  let configuration: UNetConfiguration
  let diffusion: GaussianDiffusion
  private let training: TrainingOptions
  /// What the checkpoints say of themselves.
  let description: ModelDescription
  /// The class that stands for none.
  let nullClass: Int?

  /// The side of the pictures, and their channels: what the data must be made.
  static func pictures(_ flags: ModelFlags) -> (size: Int, channels: Int) {
    (flags.imageSize ?? 64, flags.inChannels ?? 3)
  }

  /// - Parameters:
  ///   - classCount: of the data, if classes are wanted.
  ///   - classNames: what they are called.
  /// - Throws: `SettingsError` for a model that cannot be.
  init(_ options: Options, classCount: Int?, classNames: [String]?) throws {
    let flags = options.modelFlags
    let training = options.training
    let (size, channels) = Self.pictures(flags)
    guard channels == 1 || channels == 3 else {
      throw SettingsError("--in-channels \(channels): pictures have 1 channel (grey) or 3 (colour)")
    }
    let isClassifier = training.isClassifier
    let learnSigma = !isClassifier && flags.learnSigma ?? false
    let mult = try flags.channelMult ?? Self.usualMultipliers(size)
    let resolutions = flags.attentionResolutions ?? (isClassifier ? [32, 16, 8] : [16, 8])
    var configuration = UNetConfiguration(
      inChannels: training.smallSize == nil ? channels : 2 * channels, modelChannels: flags.numChannels ?? 128,
      outChannels: isClassifier ? classCount ?? 0 : learnSigma ? 2 * channels : channels,
      numResBlocks: flags.numResBlocks ?? 2,
      attentionResolutions: Set(resolutions.filter { $0 <= size }.map { size / $0 }), channelMult: mult)
    configuration.imageSize = size
    configuration.isSuperResolution = training.smallSize != nil
    if let small = training.smallSize, small >= size || size % small != 0 {
      throw SettingsError(
        "--small-size \(small): pictures of \(size) pixels are halved, or more, to it; \(size / 2) for instance")
    }
    configuration.numHeads = flags.numHeads ?? 4
    configuration.numHeadsUpsample = flags.numHeadsUpsample
    configuration.numHeadChannels = flags.numHeadChannels ?? (isClassifier && flags.numHeads == nil ? 64 : nil)
    configuration.attentionOrder = flags.useNewAttentionOrder == true ? .byPart : .byHead
    configuration.resblockUpdown = flags.resblockUpdown ?? isClassifier
    configuration.useScaleShiftNorm = flags.useScaleShiftNorm ?? true
    configuration.dropout = training.dropout
    configuration.useCheckpoint = training.useCheckpoint
    nullClass = training.nullClass == nil ? nil : classCount
    configuration.numClasses = isClassifier ? nil : classCount.map { $0 + (training.nullClass == nil ? 0 : 1) }
    do { try configuration.validate() } catch { throw SettingsError("\(error)") }
    guard size % configuration.sizeMultiple == 0 else {
      throw SettingsError(
        "--image-size \(size) cannot be halved \(mult.count - 1) times; choose a multiple of \(configuration.sizeMultiple), or a shorter --channel-mult"
      )
    }
    self.configuration = configuration

    let steps = flags.diffusionSteps ?? 1000
    let schedule = flags.noiseSchedule.flatMap(BetaSchedule.init(rawValue:)) ?? .linear
    diffusion = GaussianDiffusion(
      betas: schedule.betas(steps: steps), timesteps: Array(0..<steps),
      meanType: flags.predictXstart == true ? .startX : .epsilon,
      varType: learnSigma ? .learnedRange : flags.sigmaSmall == true ? .fixedSmall : .fixedLarge,
      rescaleTimesteps: flags.rescaleTimesteps ?? true)
    self.training = training

    var description = ModelDescription()
    if isClassifier { description.kind = "EncoderUNetModel" }
    if training.smallSize != nil { description.kind = "SuperResModel" }
    description.family =
      isClassifier || flags.resblockUpdown == true || flags.numHeadChannels != nil || flags.useNewAttentionOrder == true
      ? "guided-diffusion" : "improved-diffusion"
    description.imageSize = size
    description.inChannels = channels
    description.modelChannels = configuration.modelChannels
    description.outChannels = configuration.outChannels
    description.numResBlocks = configuration.numResBlocks
    description.attentionResolutions = configuration.attentionResolutions.sorted()
    description.channelMult = mult
    description.numHeads = configuration.numHeads
    description.numHeadsUpsample = configuration.numHeadsUpsample
    description.numHeadChannels = configuration.numHeadChannels
    description.useNewAttentionOrder = configuration.attentionOrder == .byPart
    description.resblockUpdown = configuration.resblockUpdown
    description.useScaleShiftNorm = configuration.useScaleShiftNorm
    if !isClassifier { description.learnSigma = learnSigma }
    description.numClasses = configuration.numClasses
    description.nullClass = nullClass
    description.classNames = classNames
    description.noiseSchedule = schedule.rawValue
    description.diffusionSteps = steps
    description.predictXstart = flags.predictXstart ?? false
    description.sigmaSmall = flags.sigmaSmall ?? false
    description.rescaleTimesteps = flags.rescaleTimesteps ?? true
    self.description = description
  }

  /// What the network is trained on, the network being built of `weights`.
  ///
  /// - Throws: `CheckpointError` for weights of another network.
  func loss(_ weights: Weights) throws(CheckpointError) -> any TrainingLoss {
    if training.isClassifier {
      return ClassifierLoss(
        network: try EncoderUNetModel(configuration, weights), diffusion: diffusion, isNoised: training.isNoised)
    }
    return DenoisingLoss(
      unet: try UNetModel(configuration, weights), diffusion: diffusion,
      type: training.useKL ? .rescaledKL : training.rescaleLearnedSigmas ? .rescaledMSE : .mse,
      smallSize: training.smallSize)
  }

  /// The widths that the original's scripts (and guided-diffusion's) give the levels of pictures of some sizes.
  private static func usualMultipliers(_ size: Int) throws -> [Double] {
    switch size {
    case 512: [0.5, 1, 1, 2, 2, 4, 4]
    case 256: [1, 1, 2, 2, 4, 4]
    case 128: [1, 1, 2, 3, 4]
    case 64: [1, 2, 3, 4]
    case 32: [1, 2, 2, 2]
    default:
      throw SettingsError(
        "for pictures of \(size) pixels the original has no usual levels; type for instance --channel-mult 1,2,2")
    }
  }
}
