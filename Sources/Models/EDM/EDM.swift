import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The networks of NVlabs/edm (Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative
/// Models"): `SongUNet` and `DhariwalUNet` with any of its four preconditionings.
public struct EDM: ModelFamily {
  /// See `ModelFamily`.
  public static let name = "edm"
  /// See `ModelFamily`.
  public static let signature: String? = "map_layer0.weight"

  /// See `ModelFamily`.
  public let checkpoint: FamilyCheckpoint
  private let shape: EDMShape

  /// See `ModelFamily`. Recognises the names of the embedding's layers.
  ///
  /// - Throws: `ModelError.unusable` for networks of other code bases that save modules in the same form.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> EDM? {
    let state = contents.state
    try refuseOthers(contents)
    guard state.shape(of: "map_layer0.weight") != nil,
      state.names.contains(where: { $0.hasPrefix("enc.") }), state.names.contains(where: { $0.hasPrefix("dec.") })
    else { return nil }
    let shape = try EDMShape(state, name: contents.name)
    // What augmentation was used in training is not told to the network in sampling.
    let names = state.names.filter { !$0.hasPrefix("map_augment.") }
    let used: StateDict
    do { used = try state.assembled(names.map { AssembledName($0, parts: [$0]) }) } catch { throw .checkpoint(error) }
    let attributes = state.origin.attributes
    try checkHeads(shape, attributes, name: contents.name)
    var described = contents.described
    if let said = try EDMProcess.description(attributes, name: contents.name) {
      // A file beside it may name the classes.
      described = described ?? DescribedModel(description: ModelDescription(), file: contents.name)
      described?.fill(in: said, contents.name)
    }
    return EDM(checkpoint: FamilyCheckpoint(contents, state: used, described: described), shape: shape)
  }

  /// Refuses relatives of EDM by name.
  private static func refuseOthers(_ contents: CheckpointContents) throws(ModelError) {
    let names = Set(contents.state.names)
    func has(_ name: String) -> Bool { names.contains { $0 == name || $0.hasSuffix("." + name) } }
    let other: String
    if has("logvar_fourier.freqs") || has("emb_fourier.freqs") && has("out_gain") {
      other = "a network of NVlabs/edm2"
    } else if has("mapping.fc0.weight") || has("mapping.w_avg") || has("synthesis.input.freqs") {
      other = "a StyleGAN generator, which needs no steps"
    } else if has("b4.mbstd.weight") || has("b4.fc.weight") && has("b4.out.weight") {
      other = "a StyleGAN discriminator"
    } else {
      return
    }
    throw .unusable(
      reason: "\(contents.name): holds \(other), which cannot be drawn with here; models of NVlabs/edm can")
  }

  /// Checks that attention has the heads that the class implies, where whole modules say it.
  private static func checkHeads(
    _ shape: EDMShape, _ attributes: [String: PlainValue], name: String
  ) throws(ModelError) {
    for block in shape.blocks where block.heads > 0 {
      for prefix in ["", "model."] {
        guard let said = attributes["\(prefix)\(block.name).num_heads"]?.number, said != Double(block.heads) else {
          continue
        }
        throw .unusable(
          reason:
            """
            \(name): its \(block.name) has \(Int(exactly: said) ?? 0) attention heads, but a \(shape.kind.rawValue) of \
            NVlabs/edm has \(block.heads) there
            """)
      }
    }
  }

  /// See `ModelFamily`.
  public func specification(_ stated: StatedSettings) throws(ModelError) -> ModelSpecification {
    let name = checkpoint.name
    if let problem = stated.predictionProblem { throw .unusable(reason: problem) }
    let learnsVariance = shape.outChannels == 2 * shape.inChannels
    guard learnsVariance || shape.outChannels == shape.inChannels else {
      throw .unusable(
        reason: "\(name): takes pictures of \(shape.inChannels) channels, but puts out \(shape.outChannels)")
    }
    var tensors = ModelDescription()
    tensors.imageSize = shape.imageSize
    tensors.inChannels = shape.inChannels
    tensors.numClasses = shape.classCount
    var upstream = ModelDescription()
    upstream.family = Self.name
    // Of the processes only iDDPM's networks put out twice as many channels.
    upstream.process = learnsVariance ? "edm-iddpm" : "edm"
    if (stated.process ?? checkpoint.described?.description.process ?? upstream.process) == "edm" {
      upstream.sigmaLogScale = 0.25
    }
    upstream.clipDenoised = false
    var known = SettingsResolver(
      name: name, tensors: tensors, file: checkpoint.described, stated: ModelDescription(stated), published: nil,
      upstream: upstream)
    try known.resolveNetwork([:])
    let imageSize = try known.resolveImageSize(else: shape.imageSize)
    _ = try known.resolve("in_channels", \.inChannels)
    _ = try known.resolve("num_classes", \.numClasses)
    try known.refuseOtherSettings(stated, of: shape.kind.rawValue)

    var network = NetworkFacts(
      family: Self.name, kind: shape.kind.rawValue, imageSize: imageSize, imageChannels: shape.inChannels)
    network.classCount = shape.classCount
    network.learnsVariance = learnsVariance
    network.conventions.drawsImagesApart = true
    network.conventions.roundsPixels = true
    return try known.specification(of: network, checkpoint)
  }

  /// See `ModelFamily`.
  public func network(
    _ specification: ModelSpecification, _ weights: Weights, _ options: NetworkOptions
  ) throws(CheckpointError) -> any DenoisingNetwork { try EDMUNet(shape, weights) }

  /// See `ModelFamily`.
  public func levels(_ specification: ModelSpecification, _ network: (any DenoisingNetwork)?) -> [Level] {
    (network as? EDMUNet)?.levels(checkpoint.state.shapes) ?? []
  }
}
