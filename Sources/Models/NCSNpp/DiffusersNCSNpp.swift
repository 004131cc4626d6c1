import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import TensorCore

/// diffusers' NCSN++: `UNet2DModel` of blocks with skips, as in google/ncsnpp-celebahq-256.
public struct DiffusersNCSNpp: ModelFamily {
  /// See `ModelFamily`.
  public static let name = "diffusers-ncsnpp"
  /// See `ModelFamily`.
  public static let signature: String? = Diffusers.signature

  /// See `ModelFamily`.
  public let checkpoint: FamilyCheckpoint
  /// See `ModelFamily`.
  public let autoencoder: AutoencoderSource?
  private let layout: NCSNppLayout
  private let usesOldNames: Bool

  /// See `ModelFamily`. Recognises the convolutions of the input at lower resolutions.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> DiffusersNCSNpp? {
    let state = contents.state
    guard let layout = NCSNppLayout(diffusers: state) else { return nil }
    do {
      let folder = contents.path.map { DiffusersFolder(weights: $0) }
      let usesOldNames = state.names.contains("mid_block.attentions.0.query.weight")
      return DiffusersNCSNpp(
        checkpoint: FamilyCheckpoint(contents, described: try folder?.description()),
        autoencoder: try folder?.autoencoder(), layout: layout, usesOldNames: usesOldNames)
    } catch { throw .checkpoint(error) }
  }

  /// See `ModelFamily`.
  public func specification(_ stated: StatedSettings) throws(ModelError) -> ModelSpecification {
    let name = checkpoint.name
    if let problem = stated.predictionProblem { throw .unusable(reason: problem) }
    var known = SettingsResolver(
      name: name, tensors: layout.description, file: checkpoint.described, stated: ModelDescription(stated),
      published: nil, upstream: upstream)
    let imageSize = try layout.resolve(&known)
    let truths = ["True", "False"]
    try known.resolveNetwork([
      "center_input_sample": truths, "rescale_middle": truths, "norm_num_groups": [], "attention_head_dim": [],
    ])
    _ = try known.resolve("norm_eps", \.normEps)
    try known.refuseOtherSettings(stated, of: "network of diffusers' NCSN++")
    let ends = [layout.widths.first, layout.widths.last].compactMap { $0 }
    let attended = zip(layout.widths, layout.attention).filter(\.1).map(\.0) + ends.suffix(1)
    for (key, widths) in [("norm_num_groups", ends), ("attention_head_dim", attended)] {
      guard let text = known.resolved[network: key], text != "None" else { continue }
      for width in widths {
        guard let number = Int(text), number > 0, width % number == 0 else {
          throw .unusable(reason: "\(name): \(key) \(text) does not divide the \(width) channels of its levels")
        }
      }
    }
    var network = NetworkFacts(
      family: Self.name, kind: "NCSN++", imageSize: imageSize, imageChannels: layout.imageChannels)
    network.conventions = Diffusers.conventions
    return try known.specification(of: network, checkpoint)
  }

  /// The values of google's models.
  private var upstream: ModelDescription {
    var defaults = ModelDescription()
    defaults.family = Self.name
    defaults.imageSize = layout.attention.firstIndex(of: true).map { 16 << $0 }
    defaults.normEps = 1e-6
    defaults[network: "center_input_sample"] = "True"
    defaults[network: "rescale_middle"] = "True"
    defaults[network: "norm_num_groups"] = "None"
    defaults[network: "attention_head_dim"] = "None"
    defaults.process = "ve"
    (defaults.sigmaMin, defaults.sigmaMax, defaults.langevinRatio) = (0.01, 1348, 0.15)
    return defaults
  }

  /// See `ModelFamily`.
  public func network(
    _ specification: ModelSpecification, _ weights: Weights, _ options: NetworkOptions
  ) throws(CheckpointError) -> any DenoisingNetwork {
    let description = specification.description
    var conventions = NCSNppConventions()
    conventions.epsilon = description.normEps ?? conventions.epsilon
    conventions.headChannels = description[network: "attention_head_dim"].flatMap { Int($0) }
    var middle = conventions
    middle.rescalesSkips = description[network: "rescale_middle"] == "True"
    let builder = DiffusersNCSNppBuilder(
      layout: layout, conventions: conventions, middle: middle,
      groups: description[network: "norm_num_groups"].flatMap { Int($0) }, usesOldNames: usesOldNames,
      weights: weights)
    return try builder.network(centersInput: description[network: "center_input_sample"] == "True")
  }
}

extension NCSNppLayout {
  /// What the tensors show.
  var description: ModelDescription {
    var tensors = ModelDescription()
    tensors.inChannels = imageChannels
    tensors.modelChannels = modelChannels
    tensors.channelMult = widths.map { Double($0) / Double(modelChannels) }
    tensors.numResBlocks = blocks
    tensors.attentionResolutions = attention.indices.filter { attention[$0] }.map { 1 << $0 }
    return tensors
  }

  /// Checks what file and flags say against what the tensors show; returns the image size.
  ///
  /// - Throws: `ModelError` if they contradict each other, or no image of that size can be drawn.
  func resolve(_ known: inout SettingsResolver) throws(ModelError) -> Int {
    let imageSize = try known.resolveImageSize(else: 64, levels: widths.count)
    _ = try known.resolve("in_channels", \.inChannels)
    _ = try known.resolve("model_channels", \.modelChannels, flag: "num-channels")
    _ = try known.resolve("channel_mult", \.channelMult)
    _ = try known.resolve("num_res_blocks", \.numResBlocks)
    _ = try known.resolve("attention_resolutions", \.attentionResolutions)
    return imageSize
  }
}
