import DiffusionBytes
import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// A model as the files of a folder that diffusers' `DDPMPipeline` loads.
public struct DiffusersExport: Sendable {
  /// The network's tensors under diffusers' names.
  public let state: StateDict
  /// `unet/config.json`.
  public let network: String
  /// `scheduler/scheduler_config.json`.
  public let scheduler: String
  /// `model_index.json`.
  public let index: String

  /// The model of `source` for diffusers.
  ///
  /// - Throws: `ModelError.unusable`, with the reason, if its network is none of `UNet2DModel`'s, or its process none
  ///   of `DDPMScheduler`'s.
  public init(_ source: ModelSource) throws(ModelError) {
    let specification = source.specification
    guard source.family is any UNetFamily else {
      throw Self.refusal(source, "its network, \(specification.family)'s \(specification.kind), is another")
    }
    let configuration = UNetConfiguration(specification.description)
    if let reason = Self.obstacle(configuration, specification) { throw Self.refusal(source, reason) }
    let heads: Int?
    if configuration.attentionScale == .channels, !configuration.hasOneHead {
      throw Self.refusal(source, "its attention divides the scores of every head by the root of all channels")
    }
    switch configuration.headChannels {
    case .same(let channels): heads = channels
    case .one: heads = nil
    case .mixed:
      throw Self.refusal(
        source, "its attention has as many heads at every width, where diffusers' has as many channels in every head")
    }
    do {
      state = try source.checkpoint.state.assembled(Self.plan(source.checkpoint.state, configuration))
      network = try encodeJSON(NetworkConfiguration(configuration, specification, heads), pretty: true)
      scheduler = try encodeJSON(SchedulerConfiguration(specification), pretty: true)
      index = try encodeJSON(Self.modules, pretty: true)
    } catch let error as CheckpointError {
      throw .checkpoint(error)
    } catch {
      throw .unusable(reason: "\(source.name): its configuration cannot be written: \(error)")
    }
  }

  private static let modules = [
    "_class_name": ["DDPMPipeline"], "scheduler": ["diffusers", "DDPMScheduler"], "unet": ["diffusers", "UNet2DModel"],
  ].mapValues { $0.count == 1 ? ModuleName.word($0[0]) : .list($0) }

  /// An entry of `model_index.json`.
  private enum ModuleName: Encodable {
    case word(String)
    case list([String])

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .word(let word): try container.encode(word)
      case .list(let words): try container.encode(words)
      }
    }
  }

  private static func refusal(_ source: ModelSource, _ reason: String) -> ModelError {
    .unusable(
      reason:
        """
        \(source.name): diffusers' UNet2DModel cannot be this model: \(reason); \
        write a .safetensors, which sample draws from
        """)
  }

  /// Why diffusers has no such network or process; nil if it has.
  private static func obstacle(
    _ configuration: UNetConfiguration, _ specification: ModelSpecification
  ) -> String? {
    let process = specification.process
    let obstacles: [(Bool, String)] = [
      (specification.task == .classification, "it is a classifier"),
      (specification.task == .superResolution, "it enlarges images"),
      (specification.conditionChannels > 0, "it draws from images"),
      (specification.dimensions != 2, "it has \(specification.dimensions) dimensions"),
      (!configuration.convResample, "it resamples without convolutions"),
      (configuration.channelMult.first != 1, "its first level is not of its base width"),
      (!configuration.activatesEmbedding, "its blocks project the embedding without activating it"),
      (process.continuous != nil, "its process is \(process.name)"),
      (process.betas.last == 1, "its process ends in pure noise"),
      (process.conditioning != .timestep, "it is told noise levels, not timesteps"),
      (process.rescaleTimesteps && process.steps != 1000, "it is told timesteps scaled to 1000"),
    ]
    if case .thresholding = specification.clipping { return "its images are thresholded, not clipped" }
    return obstacles.first(where: \.0)?.1
  }

  /// How diffusers' tensors are assembled from the original's.
  private static func plan(_ state: StateDict, _ configuration: UNetConfiguration) -> [AssembledName] {
    let levels = configuration.channelMult.count
    let names = TensorNames.diffusers(levels: levels, layers: configuration.numResBlocks) { level in
      configuration.hasAttention(levels - 1 - level)
    }
    return state.names.flatMap { name -> [AssembledName] in
      guard let parts = names.parts(of: name), let shape = state.shape(of: name) else { return [] }
      guard parts.count == 3 else {
        // A projection is a convolution in one dimension there, and a linear layer here.
        let isProjection = name.hasSuffix(".proj_out.weight")
        return [AssembledName(parts[0], parts: [name], trailingOnes: isProjection ? 2 - shape.count : 0)]
      }
      let channels = (shape.first ?? 0) / 3
      let ascending = name.hasPrefix("output_blocks.")
      let heads = max(1, configuration.heads(channels: channels, ascending: ascending))
      let depth = channels / heads
      return parts.indices.map { part in
        var item = AssembledName(
          parts[part], parts: [name], trailingOnes: shape.count > 1 ? 2 - shape.count : 0)
        item.rows =
          configuration.attentionOrder == .byPart
          ? [part * channels..<(part + 1) * channels]
          : (0..<heads).map { head in
            let first = (3 * head + part) * depth
            return first..<first + depth
          }
        return item
      }
    }
  }
}

extension UNetConfiguration {
  /// The channels of attention heads, in all widths that have attention.
  fileprivate enum HeadChannels {
    case same(Int)
    case one
    case mixed
  }

  /// The channels and heads of the levels that have attention, and of the middle, in both halves.
  private var allHeads: [(channels: Int, heads: Int)] {
    channelMult.indices.filter { hasAttention($0) || $0 == channelMult.count - 1 }.flatMap { level in
      [false, true].map { (channels: width(level), heads: heads(channels: width(level), ascending: $0)) }
    }
  }

  fileprivate var hasOneHead: Bool { allHeads.allSatisfy { $0.heads == 1 } }

  fileprivate var headChannels: HeadChannels {
    if hasOneHead { return .one }
    let depths = Set(allHeads.map { $0.channels / max(1, $0.heads) })
    return depths.count == 1 ? .same(depths.first ?? 0) : .mixed
  }
}
