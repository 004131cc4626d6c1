import DiffusionCheckpoints
import DiffusionFiles
import TensorCore

/// A checkpoint whose family is known, and its resolved settings.
public struct ModelSource: Sendable {
  /// The file, or the name of an embedded model.
  public let name: String
  /// The family, with the tensors.
  public let family: any ModelFamily
  /// The resolved settings.
  public let specification: ModelSpecification

  /// The tensors under the names that the network requests.
  public var checkpoint: FamilyCheckpoint { family.checkpoint }

  /// Reads the checkpoint at `path`: a file, the folder of a training run, or a folder that a family recognises.
  ///
  /// - Parameters:
  ///   - path: the file or folder.
  ///   - stated: the user's settings for the model.
  ///   - families: the families that try to recognise it, in this order.
  /// - Throws: `ModelError`.
  public init(
    path: String, stated: StatedSettings = StatedSettings(), families: [any ModelFamily.Type] = ModelFamilies.all
  ) throws(ModelError) {
    let contents: CheckpointContents
    do { contents = try CheckpointContents(path: path, families: families) } catch { throw .checkpoint(error) }
    try self.init(contents, stated: stated, families: families)
  }

  /// Recognises the model in `contents`.
  ///
  /// - Throws: `ModelError`.
  public init(
    _ contents: CheckpointContents, stated: StatedSettings = StatedSettings(),
    families: [any ModelFamily.Type] = ModelFamilies.all
  ) throws(ModelError) {
    name = contents.name
    // The moments of a run's optimizer have the shapes of its network.
    let state = contents.state
    if state.origin.prefix.hasPrefix("exp_avg") || state.names.contains(where: { $0.hasPrefix("exp_avg.") }) {
      throw .checkpoint(.optimizer(file: name))
    }
    if let reason = OtherNetworks.reason(contents) { throw .unusable(reason: reason) }
    for candidate in families {
      guard let family = try candidate.recognize(contents, stated) else { continue }
      self.family = family
      var specification = try family.specification(stated)
      try family.autoencoder?.describe(&specification, name: name)
      specification.remarks = contents.remarks + specification.remarks
      self.specification = specification
      return
    }
    // The plainest, which are asked last, first.
    let names = Array(families.map { $0.name }.reversed())
    if let named = contents.described?.description.family {
      throw .unknownFamily(model: name, family: named, families: names)
    }
    throw .unrecognized(model: name, tensor: contents.state.names.min() ?? "", families: names)
  }

  /// Builds the network, which must use every tensor. No tensor is read yet.
  ///
  /// - Throws: `ModelError` if a tensor is missing, has the wrong shape or is unused.
  public func network() throws(ModelError) -> any DenoisingNetwork { try network(Weights(checkpoint.state)) }

  /// Builds the network for training, and returns its variables.
  ///
  /// - Throws: as `network()`, and if networks of its family cannot be trained.
  public func trainableNetwork(
    _ options: NetworkOptions
  ) throws(ModelError) -> (network: any DenoisingNetwork, variables: [Variable]) {
    guard type(of: family).isTrainable else {
      throw .unusable(
        reason: "\(name): networks of \(specification.family) only draw; train goes on with those of OpenAI's UNet")
    }
    guard specification.autoencoder == nil else {
      throw .unusable(
        reason: "\(name): draws latents, and train learns from pictures; give a model that draws pictures")
    }
    try requireGradients()
    let weights = Weights(checkpoint.state).asVariables()
    let network = try network(weights, options)
    checkpoint.state.releasePages()
    return (network, weights.variables)
  }

  /// Builds the classifier.
  ///
  /// - Parameter takesGradients: whether gradients flow through it.
  /// - Throws: as `network()`.
  public func classifier(takesGradients: Bool = false) throws(ModelError) -> any NoisyClassifier {
    if takesGradients { try requireGradients() }
    let weights = takesGradients ? Weights(checkpoint.state).asVariables(frozen: true) : Weights(checkpoint.state)
    return try build(weights) { () throws(CheckpointError) in try family.classifier(specification, weights) }
  }

  /// Builds the autoencoder whose latents the network draws; nil if it draws pictures.
  ///
  /// - Throws: as `network()`.
  public func autoencoder() throws(ModelError) -> Autoencoder? {
    guard let source = family.autoencoder else { return nil }
    return try source.network()
  }

  private func network(
    _ weights: Weights, _ options: NetworkOptions = NetworkOptions()
  ) throws(ModelError) -> any DenoisingNetwork {
    try build(weights) { () throws(CheckpointError) in try family.network(specification, weights, options) }
  }

  /// - Throws: if gradients of a network of OpenAI's UNet cannot be taken.
  private func requireGradients() throws(ModelError) {
    do { try UNetConfiguration(specification.description).validateGradients() } catch {
      throw .unusable(reason: "\(name): \(error)")
    }
  }

  /// What `make` makes of `weights`, all of which it must use.
  private func build<Network>(
    _ weights: Weights, _ make: () throws(CheckpointError) -> Network
  ) throws(ModelError) -> Network {
    let network: Network
    do { network = try make() } catch { throw .checkpoint(checkpoint.inFileTerms(error)) }
    let unused = weights.unusedNames
    guard let first = unused.first else { return network }
    throw .unusedTensor(
      model: name, tensor: first, shape: checkpoint.state.shape(of: first) ?? [], others: unused.count - 1,
      network: "\(specification.family) \(specification.kind)")
  }

  /// Whether the weights are raw or an EMA, and how that is known.
  public var weightsKind: (kind: String, knownFrom: String) {
    let origin = checkpoint.state.origin
    if origin.isRunningAverage { return ("EMA", "by its key in the file") }
    let unknown = ("unknown whether EMA or raw", "the file does not say")
    // What a file is called says nothing of one of the things in it.
    if !origin.keyPath.isEmpty { return unknown }
    let file = name.split(separator: "/").last.map(String.init) ?? name
    // The names that the original's training uses: ema_0.9999_200000.pt, model200000.pt.
    if file.hasPrefix("ema") { return ("EMA", "by the file's name") }
    if file.hasPrefix("model"), file.dropFirst(5).first?.isNumber == true { return ("raw", "by the file's name") }
    return unknown
  }
}
