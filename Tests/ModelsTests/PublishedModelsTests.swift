import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionModels

/// A table of the tensors of a published model, made by the original's constructor from the flags in
/// the original's README.
struct PublishedTable: Decodable, Sendable {
  let name: String
  let family: String
  let parameters: Int
  let tensors: [String: [Int]]

  /// Flags of a command line; of diffusers, the configuration in JSON.
  let flags: Flags

  enum Flags: Decodable {
    case line(String)
    case configuration(Diffusers)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let line = try? container.decode(String.self) {
        self = .line(line)
      } else {
        self = .configuration(try container.decode(Diffusers.self))
      }
    }
  }

  struct Diffusers: Decodable {
    let blockOutChannels: [Int]
    let layersPerBlock: Int
    let downBlockTypes: [String]
    let sampleSize: Int
    let normEps: Double
  }

  static let names = [
    "diffusers-ddpm-celebahq-256", "diffusers-ddpm-cifar10-32", "guided-128", "guided-256-uncond", "guided-256",
    "guided-512", "guided-512-uncond-finetune", "guided-64", "guided-ffhq-10m", "guided-classifier-128",
    "guided-classifier-256", "guided-classifier-512",
    "guided-classifier-64", "guided-lsun-bedroom", "guided-upsampler-128-512", "guided-upsampler-64-256",
    "improved-cifar10-uncond", "improved-imagenet64-cond", "improved-imagenet64-uncond", "improved-lsun-bedroom",
    "improved-upsampler-64-256",
  ]

  static func read(_ name: String) throws -> PublishedTable {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom { path in
      // The names of tensors are keys too, and stay as they are.
      let last = path[path.count - 1]
      return path.first?.stringValue == "flags" ? CamelCase(last.stringValue) : last
    }
    let path = Fixture.path("published/\(name).json")
    return try decoder.decode(PublishedTable.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private struct CamelCase: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ snake: String) {
      let words = snake.split(separator: "_").map(String.init)
      stringValue = words.prefix(1).joined() + words.dropFirst().map(\.capitalized).joined()
    }
    init?(stringValue: String) { nil }
    init?(intValue: Int) { nil }
  }
}

struct PublishedModelsTests {
  /// Shapes alone give the configuration that the flags ask for,
  /// and a UNet of that configuration asks for just these tensors.
  @Test(arguments: PublishedTable.names)
  func isRecognised(name: String) throws {
    let table = try PublishedTable.read(name)
    let isDiffusers = table.family == "diffusers"
    let shapes = isDiffusers ? try originalShapes(table.tensors) : table.tensors
    let architecture = try Architecture(shapes)
    let model = try #require(
      PublishedModel.matching(architecture, among: isDiffusers ? PublishedModel.google : PublishedModel.openAI))
    let expected = try expectedConfiguration(table)
    #expect(model.configuration == expected)

    let requested = RequestedShapes()
    if architecture.kind == .classifier {
      _ = try EncoderUNetModel(model.configuration, requested.weights)
    } else {
      _ = try UNetModel(model.configuration, requested.weights)
    }
    #expect(requested.all == shapes)
    #expect(requested.all.values.reduce(0) { $0 + $1.reduce(1, *) } == table.parameters)
  }

  /// What is not published is not recognised.
  @Test func othersAreNotRecognised() throws {
    var table = try PublishedTable.read("guided-256-uncond").tensors
    table["label_emb.weight"] = [999, 1024]
    #expect(PublishedModel.matching(try Architecture(table), among: PublishedModel.openAI) == nil)
  }

  /// The shapes of diffusers' tensors under the original's names.
  private func originalShapes(_ tensors: [String: [Int]]) throws -> [String: [Int]] {
    let names = tensors.keys.sorted()
    var shapes: [String: [Int]] = [:]
    for assembly in try #require(TensorNames.diffusers(names)).assemblies(
      names, dimensions: { tensors[$0]?.count ?? 0 })
    {
      var shape = try assembly.parts.map { try #require(tensors[$0]) }.reduce([0]) { [$0[0] + $1[0]] + $1.dropFirst() }
      shape += [Int](repeating: 1, count: assembly.trailingOnes)
      shapes[assembly.name] = shape
    }
    return shapes
  }

  /// The rules of `create_model`, `sr_create_model` and `create_classifier`, and of diffusers' constructor.
  private func expectedConfiguration(_ table: PublishedTable) throws -> UNetConfiguration {
    switch table.flags {
    case .configuration(let flags):
      var configuration = UNetConfiguration(
        inChannels: 3, modelChannels: flags.blockOutChannels[0], outChannels: 3, numResBlocks: flags.layersPerBlock,
        attentionResolutions: Set(
          flags.downBlockTypes.indices.filter { flags.downBlockTypes[$0] == "AttnDownBlock2D" }.map { 1 << $0 }),
        channelMult: flags.blockOutChannels.map { Double($0) / Double(flags.blockOutChannels[0]) })
      configuration.imageSize = flags.sampleSize
      configuration.normEpsilon = flags.normEps
      configuration.attentionOrder = .byPart
      configuration.downsamplePadding = .end
      configuration.timestepEmbedding.frequencyShift = 1
      configuration.timestepEmbedding.sinesFirst = true
      return configuration
    case .line(let line):
      let words = line.split(separator: " ").map(String.init)
      var flags: [String: String] = [:]
      for i in stride(from: 0, to: words.count, by: 2) { flags[String(words[i].dropFirst(2))] = words[i + 1] }
      func number(_ name: String, _ fallback: Int) -> Int { flags[name].flatMap { Int($0) } ?? fallback }
      let isClassifier = table.family == "guided-classifier"
      let isUpsampler = table.name.contains("upsampler")
      let size = isUpsampler ? number("large_size", 256) : number("image_size", 64)
      // `sr_create_model` makes the levels for 256 pixels where `create_model` makes those for 512.
      let usual: [Int: [Double]] = [
        32: [1, 2, 2, 2], 64: [1, 2, 3, 4], 128: [1, 1, 2, 3, 4], 256: [1, 1, 2, 2, 4, 4],
        512: [0.5, 1, 1, 2, 2, 4, 4],
      ]
      let attention = (flags["attention_resolutions"] ?? (isClassifier ? "32,16,8" : "16,8")).split(separator: ",")
      var configuration = UNetConfiguration(
        inChannels: isUpsampler ? 6 : 3, modelChannels: isClassifier ? 128 : number("num_channels", 128),
        outChannels: isClassifier ? 1000 : flags["learn_sigma"] == "True" ? 6 : 3,
        numResBlocks: isClassifier ? number("classifier_depth", 2) : number("num_res_blocks", 2),
        attentionResolutions: Set(attention.map { size / Int($0)! }), channelMult: usual[isUpsampler ? 256 : size]!)
      configuration.isSuperResolution = isUpsampler
      configuration.imageSize = size
      configuration.numClasses = flags["class_cond"] == "True" ? 1000 : nil
      configuration.useScaleShiftNorm = flags["use_scale_shift_norm"] != "False"
      configuration.resblockUpdown = isClassifier || flags["resblock_updown"] == "True"
      configuration.attentionOrder = flags["use_new_attention_order"] == "True" ? .byPart : .byHead
      configuration.numHeadChannels = isClassifier ? 64 : flags["num_head_channels"].flatMap { Int($0) }
      configuration.numHeads = configuration.numHeadChannels == nil ? number("num_heads", 4) : 1
      return configuration
    }
  }
}
