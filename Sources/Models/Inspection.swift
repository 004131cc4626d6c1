import DiffusionBytes
import DiffusionFiles
import TensorCore

/// The result of `sample inspect`: what a checkpoint is, and how each fact is known.
public struct Inspection: Sendable, Encodable {
  /// The file, or the name of an embedded model.
  public let file: String
  /// The model family.
  public let family: String
  /// The network's class, as in the original.
  public let kind: String
  /// The published model with these tensor shapes.
  public let published: String?
  /// The file format, with the keys or naming scheme that the tensors have in it.
  public let container: String
  /// The number of parameters stored in each element type, under safetensors' names.
  public let elementTypes: [String: Int]
  /// `EMA`, `raw` or `unknown whether EMA or raw`.
  public let weights: String
  /// How that is known.
  public let weightsKnownFrom: String
  /// The number of parameters.
  public let parameters: Int
  /// The FLOP of a forward pass over one image: 2 · its multiply-adds.
  public let flop: Int
  /// What decodes its latents; nil if it draws pictures.
  public let autoencoder: Decoding?
  /// The names of the classes, by label; nil if the file names none.
  public let classNames: [String]?
  /// The network's resolutions, highest first.
  public let levels: [LevelRow]
  /// The resolved settings.
  public let facts: [Fact]
  /// How well it denoises drawings; nil if it is not a denoiser of images.
  public let check: DenoiserCheck.Report?

  /// One resolution of the network.
  public struct LevelRow: Sendable, Encodable {
    /// The side of the image there, in pixels.
    public let size: Int
    /// The number of channels.
    public let channels: Int
    /// The number of attention heads; nil if residual blocks are not followed by attention.
    public let heads: Int?
    /// The parameters of its blocks.
    public let parameters: Int
    /// The FLOP of its blocks for one image.
    public let flop: Int
  }

  /// An autoencoder.
  public struct Decoding: Sendable, Encodable {
    /// The class.
    public let kind: String
    /// The number of parameters.
    public let parameters: Int
    /// The shape of latents, `[C, H, W]`.
    public let latents: [Int]
    /// The shape of pictures, `[C, H, W]`.
    public let pictures: [Int]
    /// What latents are divided by before they are decoded.
    public let scalingFactor: Double
    /// The FLOP of decoding one image.
    public let flop: Int
    /// Whether pictures can be encoded.
    public let hasEncoder: Bool
  }

  /// A setting and how it is known.
  public struct Fact: Sendable, Encodable {
    /// The setting's key in a sidecar file.
    public let key: String
    /// The value as text.
    public let value: String
    /// How it is known, as text.
    public let source: String
  }

  /// Inspects a checkpoint. If it is a denoiser of images, runs its network a few times.
  ///
  /// - Throws: `ModelError` if a tensor is missing, has the wrong shape or is unused.
  public init(_ source: ModelSource) throws(ModelError) {
    let (specification, state) = (source.specification, source.checkpoint.state)
    let network = specification.task == .classification ? nil : try source.network()
    let side = specification.imageSize
    let size = [Int](repeating: side, count: specification.dimensions)
    file = source.name
    family = specification.family
    kind = specification.kind
    published = specification.published
    let keys = state.origin.keyPath.isEmpty ? "" : ", under \(state.origin.keyPath.joined(separator: "."))"
    container = state.origin.container.rawValue + keys + (source.checkpoint.namesInFile.map { ", \($0)" } ?? "")
    elementTypes = Dictionary(uniqueKeysWithValues: state.elementTypes.map { ($0.name, $0.elements) })
    (weights, weightsKnownFrom) = source.weightsKind
    parameters = state.elementCount
    if let network {
      flop = 2 * network.countFlops(batch: 1, size: size).total
    } else {
      flop = 2 * (try source.classifier().countFlops(batch: 1).total)
    }
    let decoder = try source.autoencoder()
    autoencoder = decoder.map { decoder in
      Decoding(
        kind: decoder.facts.kind, parameters: source.family.autoencoder?.state.elementCount ?? 0,
        latents: specification.imageShape, pictures: specification.pictureShape,
        scalingFactor: decoder.facts.scalingFactor, flop: 2 * decoder.countFlops(size: size).total,
        hasEncoder: decoder.facts.hasEncoder)
    }
    check = network.flatMap {
      specification.dimensions == 2 && specification.canBeChecked
        ? DenoiserCheck($0, specification).report(name: source.name, tryingOthers: true) : nil
    }
    levels = source.family.levels(specification, network).map { level in
      LevelRow(
        size: side >> level.index, channels: level.width, heads: level.heads, parameters: level.parameters,
        flop: 2 * level.multiplyAdds)
    }
    classNames = specification.classNames
    facts = specification.settings.map { Fact(key: $0.key, value: $0.value, source: $0.source.text) }
  }

  /// The inspection as a JSON object.
  public func json() throws -> String {
    try encodeJSON(self, pretty: true, snakeCase: true, escapesSlashes: true) + "\n"
  }
}
