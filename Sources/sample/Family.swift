import DiffusionCommandLine
import DiffusionFiles
import DiffusionModels

/// The code bases whose models are drawn with, for what their scripts assume.
enum Family: String {
  case improved
  case guided
  case diffusers

  /// What the family is called.
  var name: String { self == .diffusers ? rawValue : rawValue + "-diffusion" }

  /// The family that a file names, or else the one that its tensors and the flags look like.
  ///
  /// - Throws: `SettingsError` for a name that is none.
  init(
    _ named: String?, _ architecture: Architecture, isDiffusers: Bool, flags: ModelFlags, name: String
  ) throws(SettingsError) {
    if let named {
      guard let word = named.split(separator: "-").first, let family = Family(rawValue: String(word)) else {
        throw SettingsError(
          "\(name): belongs to the family \(named); this version draws with improved-diffusion's, guided-diffusion's and diffusers' models"
        )
      }
      self = family
      return
    }
    let configuration = architecture.configuration
    // What only guided-diffusion has.
    let isGuided =
      configuration.resblockUpdown || configuration.channelMult.contains { $0 != $0.rounded() }
      || architecture.kind == .classifier || flags.numHeadChannels != nil || flags.useNewAttentionOrder == true
    self = isDiffusers ? .diffusers : isGuided ? .guided : .improved
  }

  /// What the family's scripts take if they are told nothing, or its constructor if the file describes its arguments.
  func defaults(_ architecture: Architecture, described: ModelDescription?) -> ModelDescription {
    var defaults = ModelDescription()
    defaults.family = name
    defaults.imageSize = usualImageSize(architecture.configuration.channelMult)
    defaults.diffusionSteps = 1000
    defaults.noiseSchedule = "linear"
    defaults.predictXstart = false
    defaults.sigmaSmall = false
    switch self {
    case .improved, .guided:
      // The constructors' default is one head, the scripts' four; classifiers have heads of 64 channels.
      if architecture.kind == .classifier {
        defaults.numHeadChannels = 64
      } else {
        defaults.numHeads = described?.modelChannels == nil ? 4 : 1
      }
      // Models that are known to be improved-diffusion's have no other order.
      if self == .guided || described?.family == nil { defaults.useNewAttentionOrder = false }
      defaults.rescaleTimesteps = self == .improved
    case .diffusers:
      // UNet2DModel's.
      defaults.numHeadChannels = 8
      defaults.freqShift = 0
      defaults.flipSinToCos = true
      defaults.downsamplePadding = 1
      defaults.normEps = 1e-5
      defaults.normNumGroups = 32
      defaults.rescaleTimesteps = false
      defaults.betaStart = 1e-4
      defaults.betaEnd = 0.02
    }
    return defaults
  }

  /// The image size for which `create_model` makes levels of these widths.
  private func usualImageSize(_ channelMult: [Double]) -> Int {
    switch channelMult {
    case [1, 2, 2, 2]: 32
    case [1, 2, 3, 4]: 64
    case [1, 1, 2, 3, 4]: 128
    case [1, 1, 2, 2, 4, 4]: 256
    case [0.5, 1, 1, 2, 2, 4, 4]: 512
    default: 64
    }
  }
}

extension ModelDescription {
  /// What the command line says. Resolutions with attention are left out: they say something together with the image size only.
  init(_ flags: ModelFlags) throws {
    self.init()
    imageSize = flags.imageSize
    inChannels = flags.inChannels
    modelChannels = flags.numChannels
    numResBlocks = flags.numResBlocks
    channelMult = flags.channelMult
    numClasses = flags.numClasses
    nullClass = flags.nullClass
    numHeads = flags.numHeads
    numHeadsUpsample = flags.numHeadsUpsample
    numHeadChannels = flags.numHeadChannels
    useNewAttentionOrder = flags.useNewAttentionOrder
    resblockUpdown = flags.resblockUpdown
    useScaleShiftNorm = flags.useScaleShiftNorm
    learnSigma = flags.learnSigma
    noiseSchedule = flags.noiseSchedule
    diffusionSteps = flags.diffusionSteps
    predictXstart = flags.predictXstart
    sigmaSmall = flags.sigmaSmall
    rescaleTimesteps = flags.rescaleTimesteps
  }
}

extension Architecture {
  /// Downsampling factors, without those of levels that there are not, which mean nothing.
  func onlyLevels(_ factors: [Int]) -> [Int] {
    Set(factors).filter { factor in configuration.channelMult.indices.contains { 1 << $0 == factor } }.sorted()
  }

  /// What a file says, put so that it can be compared with what the tensors show.
  func onlyLevels(_ described: DescribedModel) -> DescribedModel {
    var described = described
    described.description.attentionResolutions = described.description.attentionResolutions.map(onlyLevels)
    return described
  }
}
