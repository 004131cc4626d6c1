import Checkpoint
import CommandLineInterface
import Diffusion
import UNet

/// Why a model cannot be used for what the command line asks. One sentence.
struct SettingsError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// All that must be known of a model besides its tensors: what its file says, then what the flags say, then the defaults of
/// improved-diffusion.
struct ModelSettings {
  let unet: UNetConfiguration
  let imageSize: Int
  let schedule: BetaSchedule
  let diffusionSteps: Int
  let rescaleTimesteps: Bool
  let meanType: ModelMeanType
  let varType: ModelVarType
  let clipDenoised: Bool
  let nullClass: Int?
  let classNames: [String]
  let recommendedGuidance: Double?

  /// - Parameter file: what errors call the model.
  /// - Throws: `SettingsError` where file and flags contradict each other, or no network can be as they say.
  init(_ known: ModelDescription, _ flags: ModelFlags, file: String) throws {
    /// The value of one setting; what the file says is not open to debate.
    func settle<T: Equatable>(_ flag: String, _ known: T?, _ given: T?, _ fallback: T) throws -> T {
      if let known, let given, known != given {
        throw Self.contradiction(flag, given, known, file)
      }
      return known ?? given ?? fallback
    }

    // Flags default to what improved-diffusion's scripts take, but a file that describes the network leaves out what its
    // constructor defaults to.
    let isDescribed = known.modelChannels != nil
    let imageSize = try settle("image-size", known.imageSize, flags.imageSize, 64)
    guard (1...4096).contains(imageSize) else {
      throw SettingsError("\(file): images of \(imageSize) pixels cannot be drawn; --image-size is 1 to 4096")
    }
    guard known.dims ?? 2 == 2 else {
      throw SettingsError("\(file): works on data of \(known.dims ?? 2) dimensions, not on images, which have 2")
    }
    // Of guided-diffusion's models, some have the tensors of an improved-diffusion model and would draw noise.
    let unknown = [
      ("use_new_attention_order", known.useNewAttentionOrder == true),
      ("num_head_channels", known.numHeadChannels != nil),
      ("resblock_updown", known.resblockUpdown == true),
    ]
    if let (name, _) = unknown.first(where: \.1) {
      throw SettingsError(
        "\(file): has \(name), as models of guided-diffusion do; this version draws with those of improved-diffusion")
    }
    let inChannels = try settle("in-channels", known.inChannels, flags.inChannels, 3)
    let learnSigma = try settle(
      "learn-sigma", known.learnSigma ?? known.outChannels.map { $0 != inChannels }, flags.learnSigma, false)
    guard let channelMult = known.channelMult ?? flags.channelMult ?? Self.usualChannelMult(imageSize) else {
      throw SettingsError(
        "\(file): the levels of a model for \(imageSize) pixels are not known; type --channel-mult, for instance 1,2,2,2"
      )
    }
    // Flags give resolutions, files the factors by which the image is downsampled there.
    func factors(_ resolutions: [Int]) -> [Int] {
      resolutions.filter { $0 <= imageSize }.map { imageSize / $0 }.sorted()
    }
    if let known = known.attentionResolutions, let given = flags.attentionResolutions,
      factors(given) != known.sorted()
    {
      throw Self.contradiction("attention-resolutions", given, known.filter { $0 > 0 }.map { imageSize / $0 }, file)
    }
    let attention =
      known.attentionResolutions ?? flags.attentionResolutions.map(factors) ?? (isDescribed ? [] : factors([16, 8]))
    // The number of classes of ImageNet, as in the original's scripts.
    let classes = flags.numClasses ?? (flags.classCond == true && known.numClasses == nil ? 1000 : nil)
    if flags.classCond == false, let count = known.numClasses ?? flags.numClasses {
      throw SettingsError("--class-cond False contradicts the \(count) classes of \(file); leave it out")
    }

    var unet = UNetConfiguration(
      inChannels: inChannels,
      modelChannels: try settle("num-channels", known.modelChannels, flags.numChannels, 128),
      outChannels: try Self.outChannels(known, inChannels: inChannels, learnSigma: learnSigma, file: file),
      numResBlocks: try settle("num-res-blocks", known.numResBlocks, flags.numResBlocks, 2),
      attentionResolutions: Set(attention),
      channelMult: try settle("channel-mult", known.channelMult, flags.channelMult, channelMult))
    unet.imageSize = imageSize
    unet.convResample = known.convResample ?? true
    unet.numHeads = try settle("num-heads", known.numHeads, flags.numHeads, isDescribed ? 1 : 4)
    unet.numHeadsUpsample = try settle(
      "num-heads-upsample", known.numHeadsUpsample, flags.numHeadsUpsample, unet.numHeads)
    unet.useScaleShiftNorm = try settle(
      "use-scale-shift-norm", known.useScaleShiftNorm, flags.useScaleShiftNorm, !isDescribed)
    unet.numClasses =
      try settle("num-classes", known.numClasses, classes, known.numClasses ?? classes ?? 0).nonZero
    do { try unet.validate() } catch { throw SettingsError("\(file): \(error)") }
    guard imageSize % unet.sizeMultiple == 0 else {
      throw SettingsError(
        "\(file): images of \(imageSize) pixels cannot be halved \(unet.channelMult.count - 1) times; --image-size must be a multiple of \(unet.sizeMultiple)"
      )
    }
    self.unet = unet
    self.imageSize = imageSize

    nullClass = try settle("null-class", known.nullClass, flags.nullClass, -1).nonNegative
    if let nullClass, nullClass >= unet.numClasses ?? 0 {
      throw SettingsError("\(file): the null class \(nullClass) is none of its \(unet.numClasses ?? 0) classes")
    }
    classNames = known.classNames ?? []
    recommendedGuidance = known.recommendedGuidance

    let scheduleName = try settle("noise-schedule", known.noiseSchedule, flags.noiseSchedule, "linear")
    guard let schedule = BetaSchedule(rawValue: scheduleName) else {
      throw SettingsError("\(file): the noise schedule \(scheduleName) is not known; linear and cosine are")
    }
    self.schedule = schedule
    diffusionSteps = try settle("diffusion-steps", known.diffusionSteps, flags.diffusionSteps, 1000)
    guard (1...1_000_000).contains(diffusionSteps) else {
      throw SettingsError("\(file): a process of \(diffusionSteps) steps is not one of 1 to 1000000")
    }
    rescaleTimesteps = try settle("rescale-timesteps", known.rescaleTimesteps, flags.rescaleTimesteps, true)
    meanType = try settle("predict-xstart", known.predictXstart, flags.predictXstart, false) ? .startX : .epsilon
    let sigmaSmall = try settle("sigma-small", known.sigmaSmall, flags.sigmaSmall, false)
    varType = learnSigma ? .learnedRange : sigmaSmall ? .fixedSmall : .fixedLarge
    clipDenoised = known.clipDenoised ?? true
  }

  /// The classes that can be drawn: all but the one that stands for none.
  var drawableClasses: [Int] { (0..<(unet.numClasses ?? 0)).filter { $0 != nullClass } }

  /// What a class is called, or its number.
  func name(ofClass label: Int) -> String { label < classNames.count ? classNames[label] : "\(label)" }

  private static func contradiction<T>(_ flag: String, _ given: T, _ known: T, _ file: String) -> SettingsError {
    /// As one would type it.
    func typed(_ value: T) -> String {
      switch value {
      case let list as [Int]: list.map(String.init).joined(separator: ",")
      case let truth as Bool: truth ? "True" : "False"
      default: "\(value)"
      }
    }
    return SettingsError(
      "--\(flag) \(typed(given)) contradicts \(file), which says \(typed(known)); leave --\(flag) out")
  }

  /// The multipliers of improved-diffusion's `create_model`.
  private static func usualChannelMult(_ imageSize: Int) -> [Int]? {
    switch imageSize {
    case 256: [1, 1, 2, 2, 4, 4]
    case 64: [1, 2, 3, 4]
    case 32: [1, 2, 2, 2]
    default: nil
    }
  }

  private static func outChannels(
    _ known: ModelDescription, inChannels: Int, learnSigma: Bool, file: String
  ) throws -> Int {
    let expected = learnSigma ? 2 * inChannels : inChannels
    guard known.outChannels ?? expected == expected else {
      throw SettingsError(
        "\(file): a model that takes \(inChannels) channels and puts out \(known.outChannels ?? 0) predicts neither images nor images and their variance"
      )
    }
    return expected
  }
}

extension Int {
  fileprivate var nonZero: Int? { self == 0 ? nil : self }
  fileprivate var nonNegative: Int? { self < 0 ? nil : self }
}
