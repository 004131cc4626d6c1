import DiffusionCheckpoints
import DiffusionFiles
import TensorCore

/// A checkpoint whose tensors are those of this UNet, or were made so: what the families that have it share.
struct UNetCheckpoint: Sendable {
  let checkpoint: FamilyCheckpoint
  let architecture: Architecture
  /// The published model of just these shapes, if there is one.
  let published: PublishedModel?

  /// Nil if the names are those of another network.
  ///
  /// - Parameter models: those that have been published.
  /// - Throws: `ModelError.architecture` if they are this network's, but no such network can be.
  init?(_ checkpoint: FamilyCheckpoint, among models: [PublishedModel]) throws(ModelError) {
    do {
      architecture = try Architecture(checkpoint.state.shapes)
    } catch ArchitectureError.otherNetwork {
      return nil
    } catch {
      throw .architecture(model: checkpoint.name, error)
    }
    self.checkpoint = checkpoint
    published = PublishedModel.matching(architecture, among: models)
  }

  /// The family that the file says it belongs to, or that the published model does.
  var namedFamily: String? { checkpoint.described?.description.family ?? published?.description.family }

  /// Whether that is the family called `name`, by the word before the first hyphen: `guided` for `guided-diffusion`.
  func isNamed(_ name: String) -> Bool? {
    namedFamily.map { $0.split(separator: "-").first == name.split(separator: "-").first }
  }
}

/// A family whose networks are this UNet.
protocol UNetFamily: ModelFamily {
  var unet: UNetCheckpoint { get }

  /// What its scripts take if they are told nothing, or its constructor if the file describes the arguments.
  var upstream: ModelDescription { get }

  /// How its samplers differ from the original's.
  static var conventions: SamplingConventions { get }
}

extension UNetFamily {
  /// See `ModelFamily`.
  public var checkpoint: FamilyCheckpoint { unet.checkpoint }

  /// See `ModelFamily`.
  public func specification(_ stated: StatedSettings) throws(ModelError) -> ModelSpecification {
    try unet.specification(family: Self.name, stated, upstream: upstream, conventions: Self.conventions)
  }

  /// See `ModelFamily`.
  public func network(
    _ specification: ModelSpecification, _ weights: Weights, _ options: NetworkOptions
  ) throws(CheckpointError) -> any DenoisingNetwork {
    try UNetModel(UNetConfiguration(specification.description, options), weights)
  }

  /// See `ModelFamily`.
  public func classifier(
    _ specification: ModelSpecification, _ weights: Weights
  ) throws(CheckpointError) -> any NoisyClassifier {
    try EncoderUNetModel(UNetConfiguration(specification.description), weights)
  }

  /// See `ModelFamily`.
  public func levels(_ specification: ModelSpecification, _ network: (any DenoisingNetwork)?) -> [Level] {
    UNetConfiguration(specification.description).levels(
      checkpoint.state.shapes, size: [Int](repeating: specification.imageSize, count: specification.dimensions),
      unet: network as? UNetModel)
  }

  /// What the scripts of all families take if they are told nothing.
  func commonUpstream() -> ModelDescription {
    var defaults = ModelDescription()
    defaults.family = Self.name
    defaults.imageSize = UNetConfiguration.usualImageSize(unet.architecture.configuration.channelMult)
    defaults.diffusionSteps = 1000
    defaults.noiseSchedule = "linear"
    defaults.predictXstart = false
    defaults.sigmaSmall = false
    return defaults
  }

  /// The attention heads that OpenAI's scripts take: the constructors' default is one, the scripts' four; classifiers have heads of 64
  /// channels.
  func setOpenAIHeads(_ defaults: inout ModelDescription) {
    if unet.architecture.kind == .classifier {
      defaults.numHeadChannels = 64
    } else {
      defaults.numHeads = checkpoint.described?.description.modelChannels == nil ? 4 : 1
    }
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
