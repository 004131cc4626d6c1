import DiffusionCheckpoints
import TensorCore

/// One code base's networks: how a file of theirs is recognised, what its shapes show, what they leave to be known, and the network itself.
///
/// A family is a folder beside this file and a line in `ModelFamilies`. Nothing outside the folder asks which family a model is of.
public protocol ModelFamily: Sendable {
  /// What messages and files call it, for instance `guided-diffusion`.
  static var name: String { get }

  /// The file of the weights in a folder as this code base saves one; nil if `path` is none.
  ///
  /// - Throws: `CheckpointError` for a folder that cannot be read.
  static func weights(inFolder path: String) throws(CheckpointError) -> String?

  /// Nil if the tensors are not this family's.
  ///
  /// - Parameters:
  ///   - contents: the checkpoint, under the names of its file.
  ///   - stated: what a person says of the model, where names and shapes leave the family open.
  /// - Throws: `ModelError` if they are, but something is missing or cannot be.
  static func recognize(_ contents: CheckpointContents, _ stated: StatedSettings) throws(ModelError) -> Self?

  /// The tensors under the names that the network asks for, and what the file says of the model.
  var checkpoint: FamilyCheckpoint { get }

  /// All that must be known of the model beside its tensors, from them, the file and what is stated.
  ///
  /// - Throws: `ModelError` where these contradict one another, or no network can be as they say.
  func specification(_ stated: StatedSettings) throws(ModelError) -> ModelSpecification

  /// The network, which asks `weights` for every tensor that it has a place for.
  ///
  /// - Throws: `CheckpointError` where a tensor is missing or has another shape.
  func network(
    _ specification: ModelSpecification, _ weights: Weights, _ options: NetworkOptions
  ) throws(CheckpointError) -> any DenoisingNetwork

  /// The classifier, of a model whose task that is.
  ///
  /// - Throws: as `network(_:_:_:)`.
  func classifier(_ specification: ModelSpecification, _ weights: Weights) throws(CheckpointError)
    -> any NoisyClassifier

  /// The network's resolutions, for `sample inspect`; none if it has no such parts.
  func levels(_ specification: ModelSpecification, _ network: (any DenoisingNetwork)?) -> [Level]
}

extension ModelFamily {
  /// The code base saves single files.
  public static func weights(inFolder path: String) throws(CheckpointError) -> String? { nil }

  /// The family has no classifiers.
  public func classifier(
    _ specification: ModelSpecification, _ weights: Weights
  ) throws(CheckpointError) -> any NoisyClassifier {
    preconditionFailure("\(Self.name) has no classifiers, and specified one")
  }

  /// Nothing is told of parts.
  public func levels(_ specification: ModelSpecification, _ network: (any DenoisingNetwork)?) -> [Level] { [] }
}

/// The registry.
public enum ModelFamilies {
  /// The families in the order in which they are asked whether a file is theirs.
  public static let all: [any ModelFamily.Type] = [Diffusers.self, GuidedDiffusion.self, ImprovedDiffusion.self]
}

/// What training wants of a network, and drawing does not.
public struct NetworkOptions: Sendable, Equatable {
  /// The probability of dropping out an activation before the second convolution of a residual block.
  public var dropout = 0.0
  /// Whether blocks are evaluated without keeping intermediate activations (`checkpoint` of the original).
  public var useCheckpoint = false

  /// What drawing takes.
  public init() {}
}
