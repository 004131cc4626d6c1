import DiffusionFiles
import TensorCore

/// A checkpoint whose family is known, and what is known of the model in it.
public struct ModelSource: Sendable {
  /// The file, or what a model that is part of the program is called.
  public let name: String
  /// Its family, with the tensors.
  public let family: any ModelFamily
  /// All that must be known of it beside them.
  public let specification: ModelSpecification

  /// The tensors under the names that the network asks for.
  public var checkpoint: FamilyCheckpoint { family.checkpoint }

  /// Reads the checkpoint at `path`: a file, the folder of a run of training, or a folder that a family knows.
  ///
  /// - Parameters:
  ///   - path: the file or folder.
  ///   - stated: what a person says of the model.
  ///   - families: those that are asked whether it is theirs, in this order.
  /// - Throws: `ModelError`.
  public init(
    path: String, stated: StatedSettings = StatedSettings(), families: [any ModelFamily.Type] = ModelFamilies.all
  ) throws(ModelError) {
    let contents: CheckpointContents
    do { contents = try CheckpointContents(path: path, families: families) } catch { throw .checkpoint(error) }
    try self.init(contents, stated: stated, families: families)
  }

  /// Finds out what `contents` is.
  ///
  /// - Throws: `ModelError`.
  public init(
    _ contents: CheckpointContents, stated: StatedSettings = StatedSettings(),
    families: [any ModelFamily.Type] = ModelFamilies.all
  ) throws(ModelError) {
    name = contents.name
    for candidate in families {
      guard let family = try candidate.recognize(contents, stated) else { continue }
      self.family = family
      specification = try family.specification(stated)
      return
    }
    // The alphabet's order, not the registry's.
    let names = families.map { $0.name }.sorted()
    if let named = contents.described?.description.family {
      throw .unknownFamily(model: name, family: named, families: names)
    }
    throw .unrecognized(model: name, tensor: contents.state.names.min() ?? "", families: names)
  }

  /// The network, with a place for every tensor. No tensor is read yet.
  ///
  /// - Throws: `ModelError` where a tensor is missing, has another shape, or is one too many.
  public func network() throws(ModelError) -> any DenoisingNetwork { try network(Weights(checkpoint.state)) }

  /// The network to be trained, and its variables.
  ///
  /// - Throws: as `network()`.
  public func trainableNetwork(
    _ options: NetworkOptions
  ) throws(ModelError) -> (network: any DenoisingNetwork, variables: [Variable]) {
    let weights = Weights(checkpoint.state).asVariables()
    let network = try network(weights, options)
    checkpoint.state.releasePages()
    return (network, weights.variables)
  }

  /// The classifier.
  ///
  /// - Parameter takesGradients: whether gradients go through it.
  /// - Throws: as `network()`.
  public func classifier(takesGradients: Bool = false) throws(ModelError) -> any NoisyClassifier {
    let weights = takesGradients ? Weights(checkpoint.state).asVariables(frozen: true) : Weights(checkpoint.state)
    let classifier: any NoisyClassifier
    do { classifier = try family.classifier(specification, weights) } catch {
      throw .checkpoint(checkpoint.inFileTerms(error))
    }
    try checkAllUsed(weights)
    return classifier
  }

  private func network(
    _ weights: Weights, _ options: NetworkOptions = NetworkOptions()
  ) throws(ModelError) -> any DenoisingNetwork {
    let network: any DenoisingNetwork
    do { network = try family.network(specification, weights, options) } catch {
      throw .checkpoint(checkpoint.inFileTerms(error))
    }
    try checkAllUsed(weights)
    return network
  }

  private func checkAllUsed(_ weights: Weights) throws(ModelError) {
    let unused = weights.unusedNames
    guard let first = unused.first else { return }
    throw .unusedTensor(
      model: name, tensor: first, shape: checkpoint.state.shape(of: first) ?? [], others: unused.count - 1,
      network: "\(specification.family) \(specification.kind)")
  }

  /// Whether these are the weights as trained or a running average of them, and how that is known.
  public var weightsKind: (kind: String, knownFrom: String) {
    if checkpoint.state.origin.isRunningAverage { return ("EMA", "by its key in the file") }
    let file = name.split(separator: "/").last.map(String.init) ?? name
    // As the original's training saves them: ema_0.9999_200000.pt, model200000.pt.
    if file.hasPrefix("ema") { return ("EMA", "by the file's name") }
    if file.hasPrefix("model"), file.dropFirst(5).first?.isNumber == true { return ("raw", "by the file's name") }
    return ("unknown whether EMA or raw", "the file does not say")
  }
}
