import DiffusionCheckpoints
import DiffusionFiles
import TensorCore

/// A checkpoint with the tensors of this UNet, original or converted: what its families share.
struct UNetCheckpoint: Sendable {
  let checkpoint: FamilyCheckpoint
  let architecture: Architecture
  /// The published model with exactly these shapes, if there is one.
  let published: PublishedModel?

  /// Reads the architecture; nil if the names belong to another network.
  ///
  /// - Parameters:
  ///   - checkpoint: the tensors under this network's names.
  ///   - models: the published models to match.
  ///   - takesCondition: whether channels that it takes more than it puts out are those of images that it draws from.
  /// - Throws: `ModelError.architecture` if the names are this network's, but no such network is possible.
  init?(
    _ checkpoint: FamilyCheckpoint, among models: [PublishedModel], takesCondition: Bool = false
  ) throws(ModelError) {
    do {
      architecture = try Architecture(checkpoint.state.shapes, takesCondition: takesCondition)
    } catch ArchitectureError.otherNetwork {
      return nil
    } catch {
      throw .architecture(model: checkpoint.name, error)
    }
    self.checkpoint = checkpoint
    published = PublishedModel.matching(architecture, among: models)
  }

  /// The family named in the file, or that of the published model.
  var namedFamily: String? { checkpoint.described?.description.family ?? published?.description.family }

  /// Whether `namedFamily` is the family `name`, up to the first hyphen: `guided` is `guided-diffusion`. Nil if none is
  /// named.
  func isNamed(_ name: String) -> Bool? {
    namedFamily.map { $0.split(separator: "-").first == name.split(separator: "-").first }
  }
}

extension FamilyCheckpoint {
  /// The checkpoint as it is, with the process that is kept beside the network (CompVis/latent-diffusion's `betas`)
  /// where nothing describes it.
  init(besideProcess contents: CheckpointContents) {
    self.init(contents, described: contents.described ?? .process(beside: contents))
  }
}

/// A family whose networks are this UNet.
protocol UNetFamily: ModelFamily {
  var unet: UNetCheckpoint { get }

  /// The defaults of the family's scripts, or of its constructor if the file describes the constructor's arguments.
  var upstream: ModelDescription { get }

  /// How its samplers differ from the original's.
  static var conventions: SamplingConventions { get }

  /// What its names show besides the tensors' shapes: that attention has one head, for instance.
  static var shown: ModelDescription { get }
}

extension UNetFamily {
  static var conventions: SamplingConventions { SamplingConventions() }
  static var shown: ModelDescription { ModelDescription() }

  /// See `ModelFamily`.
  public static var signature: String? { "time_embed.0.weight" }

  /// See `ModelFamily`.
  public static var isTrainable: Bool { true }

  /// See `ModelFamily`.
  public var checkpoint: FamilyCheckpoint { unet.checkpoint }

  /// See `ModelFamily`.
  public func specification(_ stated: StatedSettings) throws(ModelError) -> ModelSpecification {
    var upstream = upstream
    let configuration = unet.architecture.configuration
    // Flows have no variance. Others save their networks under the same keys, but have names of their own.
    if configuration.outChannels == configuration.imageChannels && checkpoint.namesInFile == nil {
      FlowTrainer(checkpoint.state.origin)?.describe(&upstream, configuration)
    }
    return try unet.specification(
      family: Self.name, stated, shown: Self.shown, upstream: upstream, conventions: Self.conventions)
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

  /// The script defaults that all families share.
  func commonUpstream() -> ModelDescription {
    var defaults = ModelDescription()
    defaults.family = Self.name
    defaults.imageSize = UNetConfiguration.usualImageSize(unet.architecture.configuration.channelMult)
    defaults.diffusionSteps = 1000
    defaults.noiseSchedule = "linear"
    defaults.prediction = "epsilon"
    defaults.sigmaSmall = false
    return defaults
  }

  /// Sets the default attention heads of OpenAI's code: one in the constructors, four in the scripts, heads of 64
  /// channels in classifiers.
  func setOpenAIHeads(_ defaults: inout ModelDescription) {
    if unet.architecture.kind == .classifier {
      defaults.numHeadChannels = 64
    } else {
      defaults.numHeads = checkpoint.described?.description.modelChannels == nil ? 4 : 1
    }
  }
}

extension Architecture {
  /// The downsampling factors of levels that exist; others have no effect.
  func onlyLevels(_ factors: [Int]) -> [Int] {
    Set(factors).filter { factor in configuration.channelMult.indices.contains { 1 << $0 == factor } }.sorted()
  }

  /// The file's description in a form that can be compared with what the tensors show.
  func onlyLevels(_ described: DescribedModel) -> DescribedModel {
    var described = described
    described.description.attentionResolutions = described.description.attentionResolutions.map(onlyLevels)
    return described
  }
}
