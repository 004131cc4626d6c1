import DiffusionFiles
import TensorCore

/// The architecture that the names and shapes of a checkpoint's tensors show: kind, width, multipliers, blocks per
/// level, attention levels, classes, channels, scale-shift, up/down blocks. What they do not show — image size, heads,
/// the order of queries, keys and values — stays at `UNetConfiguration`'s defaults.
public struct Architecture: Sendable, Equatable {
  /// The kinds of networks, under the original's names.
  public enum Kind: String, Sendable {
    /// A denoiser.
    case unet = "UNetModel"
    /// A denoiser that also takes a low-resolution version of the image.
    case superResolution = "SuperResModel"
    /// A classifier of noisy images.
    case classifier = "EncoderUNetModel"
  }

  /// The kind of network.
  public let kind: Kind
  /// The configuration, as far as shapes show it.
  public let configuration: UNetConfiguration
  /// The image size that a classifier's attention pooling was built for; nil for others.
  public var imageSize: Int? { configuration.imageSize }

  /// Reads the architecture from the shapes, by name, of the tensors of improved- or guided-diffusion.
  ///
  /// - Parameters:
  ///   - shapes: the shapes.
  ///   - takesCondition: whether channels that the network takes more than it puts out are those of images that it
  ///     draws from.
  /// - Throws: `ArchitectureError` if they do not belong to such a network.
  public init(_ shapes: [String: [Int]], takesCondition: Bool = false) throws(ArchitectureError) {
    let reader = try ShapeReader(shapes)
    let layout = try reader.layout()
    let isClassifier = reader.outputBlocks == 0
    let outName = isClassifier ? "out.2.c_proj.weight" : "out.2.weight"
    if isClassifier && shapes[outName] == nil && shapes["out.2.weight"] != nil { throw .pooling }
    let outChannels = try reader.dimension(0, of: outName)
    let first = try reader.shape("input_blocks.0.0.weight")
    let modelChannels = try reader.dimension(1, of: "time_embed.0.weight")
    let inChannels = try reader.dimension(1, of: "input_blocks.0.0.weight")
    guard (3...5).contains(first.count) else { throw .shape(name: "input_blocks.0.0.weight", shape: first) }
    var configuration = UNetConfiguration(
      inChannels: inChannels, modelChannels: modelChannels, outChannels: outChannels, numResBlocks: layout.numResBlocks,
      attentionResolutions: [], channelMult: [])
    for level in 0..<layout.levels {
      let block = "input_blocks.\(1 + level * (layout.numResBlocks + 1))"
      let width = try reader.dimension(0, of: "\(block).0.in_layers.2.weight")
      configuration.channelMult.append(Double(width) / Double(modelChannels))
      if shapes["\(block).1.qkv.weight"] != nil { configuration.attentionResolutions.insert(1 << level) }
    }
    configuration.dims = first.count - 2
    configuration.numClasses = shapes["label_emb.weight"]?.first
    let embedding = try reader.dimension(0, of: "input_blocks.1.0.emb_layers.1.weight")
    configuration.useScaleShiftNorm =
      try embedding == 2 * reader.dimension(0, of: "input_blocks.1.0.in_layers.2.weight")
    let features = try reader.dimension(0, of: "time_embed.2.weight")
    configuration.embeddingFeatures = features == 4 * modelChannels ? nil : features
    configuration.resblockUpdown = layout.resblockUpdown
    configuration.convResample = layout.convResample

    // A super-resolution model takes twice its image channels and outputs as many as the image has, or twice that.
    let isSuperResolution =
      !isClassifier && !takesCondition && inChannels % 2 == 0
      && (outChannels * 2 == inChannels || (outChannels == inChannels && inChannels == 6))
    kind = isClassifier ? .classifier : isSuperResolution ? .superResolution : .unet
    configuration.isSuperResolution = isSuperResolution
    if takesCondition && !isClassifier { configuration.conditionChannels = max(0, inChannels - outChannels) }
    configuration.imageSize = isClassifier ? try reader.pooledSide() << (layout.levels - 1) : nil
    self.configuration = configuration
  }
}

extension Architecture {
  /// The settings that shapes show, in the form that files and flags use.
  public var description: ModelDescription {
    var description = ModelDescription()
    description.kind = kind.rawValue
    description.inChannels = configuration.imageChannels
    if configuration.conditionChannels > 0 { description.conditionChannels = configuration.conditionChannels }
    description.modelChannels = configuration.modelChannels
    description.outChannels = configuration.outChannels
    description.numResBlocks = configuration.numResBlocks
    description.attentionResolutions = configuration.attentionResolutions.sorted()
    description.channelMult = configuration.channelMult
    description.convResample = configuration.convResample
    // With one level nothing is halved.
    description.resblockUpdown = configuration.channelMult.count > 1 ? configuration.resblockUpdown : nil
    description.dims = configuration.dims
    description.numClasses = configuration.numClasses
    description.useScaleShiftNorm = configuration.useScaleShiftNorm
    description.embeddingFeatures = configuration.embeddingFeatures
    description.imageSize = imageSize
    return description
  }
}

extension Architecture.Kind {
  /// The task of networks of this kind.
  public var task: ModelSpecification.Task {
    switch self {
    case .unet: .denoising
    case .superResolution: .superResolution
    case .classifier: .classification
    }
  }
}

/// An error in reading the architecture from a checkpoint's tensors.
public enum ArchitectureError: Error, Equatable, CustomStringConvertible {
  /// No tensor has a name of such a network.
  case otherNetwork
  /// A tensor that every such network has is missing.
  case missing(name: String)
  /// A tensor has a shape that no such network gives it.
  case shape(name: String, shape: [Int])
  /// The numbers of blocks fit no number of levels.
  case blocks(input: Int, output: Int)
  /// A classifier without attention pooling.
  case pooling

  /// One sentence without its subject, the file.
  public var description: String {
    switch self {
    case .otherNetwork: "has no tensor of such a network"
    case .missing(let name):
      "has no tensor \(name), which every UNet of its family has; was it cut short, or is it a part of a model?"
    case .shape(let name, let shape): "tensor \(name) has shape \(shape), which it has in no UNet of its family"
    case .blocks(let input, let output):
      "has \(input) input blocks and \(output) output blocks, which no number of levels explains; are tensors missing?"
    case .pooling: "is a classifier that does not pool by attention, which is the only kind that is known here"
    }
  }
}
