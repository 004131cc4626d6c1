import DiffusionBytes
import DiffusionFiles
import TensorCore

/// What `sample inspect` finds: what a checkpoint is, and of each thing how it is known.
public struct Inspection: Sendable, Encodable {
  public let file: String
  public let family: String
  public let kind: String
  /// The published model of these shapes.
  public let published: String?
  public let container: String
  /// In the words of safetensors, and how many parameters are stored so.
  public let elementTypes: [String: Int]
  /// `EMA`, `raw` or `unknown`, and how that is known.
  public let weights: String
  public let weightsKnownFrom: String
  public let parameters: Int
  /// 2 · the multiply-adds of a forward pass of one picture.
  public let flop: Int
  public let levels: [LevelRow]
  public let facts: [Fact]
  /// How well it predicts on smooth pictures under noise; nil for what is no denoiser of images.
  public let check: DenoiserCheck.Report?

  /// A resolution of the network.
  public struct LevelRow: Sendable, Encodable {
    public let size: Int
    public let channels: Int
    public let heads: Int?
    public let parameters: Int
    public let flop: Int
  }

  /// A setting, and how it is known.
  public struct Fact: Sendable, Encodable {
    public let key: String
    public let value: String
    public let source: String
  }

  /// Looks at a checkpoint; its network is run a few times, if it draws pictures.
  ///
  /// - Throws: `ModelError` for a tensor that is missing, has another shape, or is one too many.
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
    check = network.flatMap {
      specification.dimensions == 2
        ? DenoiserCheck($0, specification).report(name: source.name, tryingOthers: true) : nil
    }
    levels = source.family.levels(specification, network).map { level in
      LevelRow(
        size: side >> level.index, channels: level.width, heads: level.heads, parameters: level.parameters,
        flop: 2 * level.multiplyAdds)
    }
    facts = specification.settings.map { Fact(key: $0.key, value: $0.value, source: $0.source.text) }
  }

  /// One object of JSON.
  public func json() throws -> String {
    try encodeJSON(self, pretty: true, snakeCase: true, escapesSlashes: true) + "\n"
  }
}
