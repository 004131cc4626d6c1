import DiffusionCheckpoints
import TensorCore

/// The networks of one code base: how to recognise a checkpoint, which settings it shows or leaves open, and how to
/// build the network.
///
/// A family is a folder next to this file and a line in `ModelFamilies`. Nothing outside the folder asks which family a
/// model belongs to.
public protocol ModelFamily: Sendable {
  /// The name used in messages and files, for instance `guided-diffusion`.
  static var name: String { get }

  /// The name of a tensor that every network of this code base has, without what a trainer puts before all names; nil
  /// if there is none. A checkpoint's network is found by it.
  static var signature: String? { get }

  /// Whether its networks can be trained: all of their operations have gradients.
  static var isTrainable: Bool { get }

  /// The weight file in a folder saved by this code base; nil if `path` is not such a folder.
  ///
  /// - Throws: `CheckpointError` if the folder cannot be read.
  static func weights(inFolder path: String) throws(CheckpointError) -> String?

  /// The folder that a file of this code base stands for, such as the index of its parts; nil if it stands for itself.
  static func folder(of file: String) -> String?

  /// Recognises a checkpoint of this family; nil if the tensors belong to another.
  ///
  /// - Parameters:
  ///   - contents: the checkpoint, with the names in its file.
  ///   - stated: the user's settings, for cases where names and shapes leave the family open.
  /// - Throws: `ModelError` if the tensors are this family's, but something is missing or impossible.
  static func recognize(_ contents: CheckpointContents, _ stated: StatedSettings) throws(ModelError) -> Self?

  /// The tensors under the names that the network requests, and the file's description of the model.
  var checkpoint: FamilyCheckpoint { get }

  /// Resolves all settings of the model from its tensors, its files and the user's settings.
  ///
  /// - Throws: `ModelError` if these contradict one another, or describe an impossible network.
  func specification(_ stated: StatedSettings) throws(ModelError) -> ModelSpecification

  /// Builds the network, which requests every tensor that it uses from `weights`.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has the wrong shape.
  func network(
    _ specification: ModelSpecification, _ weights: Weights, _ options: NetworkOptions
  ) throws(CheckpointError) -> any DenoisingNetwork

  /// Builds the classifier of a model whose task is classification.
  ///
  /// - Throws: as `network(_:_:_:)`.
  func classifier(_ specification: ModelSpecification, _ weights: Weights) throws(CheckpointError)
    -> any NoisyClassifier

  /// The autoencoder whose latents the network draws, read from files beside the network's; nil if it draws pictures.
  var autoencoder: AutoencoderSource? { get }

  /// The network's resolutions, for `sample inspect`; empty if it has no such levels.
  func levels(_ specification: ModelSpecification, _ network: (any DenoisingNetwork)?) -> [Level]
}

extension ModelFamily {
  /// Nil: networks have no tensor in common.
  public static var signature: String? { nil }

  /// False: the networks only draw.
  public static var isTrainable: Bool { false }

  /// Nil: files stand for themselves.
  public static func folder(of file: String) -> String? { nil }

  /// Nil: the code base saves single files.
  public static func weights(inFolder path: String) throws(CheckpointError) -> String? { nil }

  /// Fails: the family has no classifiers.
  public func classifier(
    _ specification: ModelSpecification, _ weights: Weights
  ) throws(CheckpointError) -> any NoisyClassifier {
    preconditionFailure("\(Self.name) has no classifiers, and specified one")
  }

  /// Nil: networks draw pictures.
  public var autoencoder: AutoencoderSource? { nil }

  /// Empty: the network reports no levels.
  public func levels(_ specification: ModelSpecification, _ network: (any DenoisingNetwork)?) -> [Level] { [] }
}

/// The registry of model families.
public enum ModelFamilies {
  /// The families, in the order in which they try to recognise a file.
  public static let all: [any ModelFamily.Type] = [
    SR3.self, SR3DDPM.self, Palette.self, DiffusersNCSNpp.self, Diffusers.self, ErmonDDIM.self, PyTorchDDPM.self,
    DDPMTorch.self, MONAI.self, Rosinality.self, ScoreSDE.self, Lucidrains.self, EDM.self, ConsistencyModels.self,
    GuidedDiffusion.self, ImprovedDiffusion.self,
  ]

  /// The signatures of `families`, each once.
  public static func signatures(_ families: [any ModelFamily.Type] = all) -> [String] {
    Set(families.compactMap { $0.signature }).sorted()
  }
}

/// The options of a network that only training uses.
public struct NetworkOptions: Sendable, Equatable {
  /// The dropout probability before the second convolution of a residual block.
  public var dropout = 0.0
  /// Whether blocks recompute intermediate activations instead of keeping them (`checkpoint` in the original).
  public var useCheckpoint = false

  /// Creates the options for sampling.
  public init() {}
}
