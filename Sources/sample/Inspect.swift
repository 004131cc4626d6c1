import DiffusionBytes
import DiffusionCommandLine
import DiffusionFiles
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import TensorCore

/// Says what a checkpoint is: family, architecture, size, and of each thing how it is known.
///
/// - Throws: `CheckpointError`, `SettingsError`; `ImageError` if the words cannot be written.
func inspect(_ options: Options) throws {
  let source = try ModelSource(path: options.model, flags: options.modelFlags)
  let report = try Inspection(source)
  try writeToStandardOutput(Array((options.json ? try report.json() : report.text).utf8))
}

/// What `sample inspect` finds.
struct Inspection: Encodable {
  let file: String
  let family: String
  let kind: String
  /// The published model of these shapes.
  let published: String?
  let container: String
  /// In the words of safetensors, and how many parameters are stored so.
  let elementTypes: [String: Int]
  /// `EMA`, `raw` or `unknown`, and how that is known.
  let weights: String
  let weightsKnownFrom: String
  let parameters: Int
  /// 2 · the multiply-adds of a forward pass of one picture.
  let flop: Int
  let levels: [LevelRow]
  let facts: [Fact]
  /// How well it predicts on smooth pictures under noise; nil for what is no denoiser of images.
  let check: DenoiserCheck.Report?

  struct LevelRow: Encodable {
    let size: Int
    let channels: Int
    let heads: Int?
    let parameters: Int
    let flop: Int
  }

  struct Fact: Encodable {
    let key: String
    let value: String
    let source: String
  }

  init(_ source: ModelSource) throws {
    let settings = source.settings
    let unet = settings.kind == .classifier ? nil : try source.unet()
    let side = settings.imageSize
    let size = [Int](repeating: side, count: settings.unet.dims)
    file = source.name
    family = settings.family.name
    kind = settings.kind.rawValue
    published = settings.published?.name
    container =
      source.checkpoint.state.origin.container.rawValue
      + (source.checkpoint.state.origin.keyPath.isEmpty
        ? "" : ", under \(source.checkpoint.state.origin.keyPath.joined(separator: "."))")
      + (source.checkpoint.diffusersNames != nil ? ", diffusers' names" : "")
    elementTypes = Dictionary(uniqueKeysWithValues: source.checkpoint.state.elementTypes.map { ($0.name, $0.elements) })
    (weights, weightsKnownFrom) = source.weightsKind
    parameters = source.checkpoint.state.elementCount
    let flops = try unet?.countFlops(batch: 1, size: size) ?? source.classifier().countFlops(batch: 1)
    flop = 2 * flops.total
    check = unet.flatMap {
      $0.configuration.dims == 2 ? DenoiserCheck($0, settings).report(name: source.name, tryingOthers: true) : nil
    }
    levels = settings.unet.levels(source.checkpoint.state.shapes, size: size, unet: unet).map { level in
      LevelRow(
        size: side >> level.index, channels: level.width, heads: level.heads, parameters: level.parameters,
        flop: 2 * level.multiplyAdds)
    }
    facts = settings.facts.map { Fact(key: $0.key, value: $0.value, source: $0.source.text) }
  }

  func json() throws -> String {
    try encodeJSON(self, pretty: true, snakeCase: true) + "\n"
  }

  var text: String {
    let types = elementTypes.sorted { $0.value > $1.value }.map(\.key).joined(separator: ", ")
    var lines = [
      "model       \(file)",
      "family      \(family) \(kind)" + (published.map { "; by its shapes \($0)" } ?? ""),
      "file        \(container); \(types)",
      "weights     \(weights) (\(weightsKnownFrom))",
      "parameters  \(grouped(parameters))",
      "arithmetic  \(quantity(Double(flop), "FLOP")) a forward pass of one image",
      "",
      "    pixels  channels  attention     parameters        FLOP",
    ]
    lines += levels.map { level in
      right("\(level.size)×\(level.size)", 10) + right("\(level.channels)", 10)
        + right(level.heads.map { $0 == 1 ? "1 head" : "\($0) heads" } ?? "", 11)
        + right(grouped(level.parameters), 15)
        + right(level.flop == 0 ? "" : quantity(Double(level.flop), ""), 12)
    }
    lines.append("")
    let width = facts.map(\.key.count).max() ?? 0
    let valueWidth = facts.map(\.value.count).max() ?? 0
    lines += facts.map { fact in
      fact.key.padding(to: width + 2) + fact.value.padding(to: valueWidth + 2) + fact.source
    }
    if let check {
      lines += [
        "",
        "error on smooth pictures under noise: \(decimal(check.error, 3)) (0 is perfect, predicting nothing is 1)",
      ]
      if let advice = check.advice { lines.append(advice) }
    }
    // Files may say anything.
    return lines.map { sanitizedLine($0) + "\n" }.joined()
  }
}

extension ResolvedSetting.Source {
  /// For a table: how something is known.
  var text: String {
    switch self {
    case .tensors: "read off the tensors"
    case .file(let file): "said by \(file)"
    case .flags: "said on the command line"
    case .published(let name): "known of \(name)"
    case .upstream(let family): "assumed, as \(family) does"
    }
  }
}

extension ModelSource {
  /// Whether these are the weights as trained or a running average of them, and how that is known.
  var weightsKind: (kind: String, knownFrom: String) {
    if checkpoint.state.origin.isRunningAverage { return ("EMA", "by its key in the file") }
    let file = name.split(separator: "/").last.map(String.init) ?? name
    // As the original's training saves them: ema_0.9999_200000.pt, model200000.pt.
    if file.hasPrefix("ema") { return ("EMA", "by the file's name") }
    if file.hasPrefix("model"), file.dropFirst(5).first?.isNumber == true { return ("raw", "by the file's name") }
    return ("unknown whether EMA or raw", "the file does not say")
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
