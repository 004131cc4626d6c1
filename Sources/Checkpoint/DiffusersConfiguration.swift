#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The `config.json` of diffusers' `UNet2DModel`, with the constructor's defaults for what is left out.
struct DiffusersConfiguration: Decodable {
  let className: String?
  let sampleSize: Side?
  let inChannels: Int?
  let outChannels: Int?
  let centerInputSample: Bool?
  let timeEmbeddingType: String?
  let timeEmbeddingDim: Int?
  let freqShift: Double?
  let flipSinToCos: Bool?
  let downBlockTypes: [String]?
  let upBlockTypes: [String]?
  let blockOutChannels: [Int]?
  let layersPerBlock: Int?
  let midBlockScaleFactor: Double?
  let downsamplePadding: Int?
  let actFn: String?
  /// Channels of a head; absent and null mean different things.
  let attentionHeadDim: HeadChannels
  let normNumGroups: Int?
  let attnNormNumGroups: Int?
  let normEps: Double?
  let resnetTimeScaleShift: String?
  let addAttention: Bool?
  let classEmbedType: String?
  let numClassEmbeds: Int?

  /// A number, or the same number twice.
  struct Side: Decodable {
    let pixels: Int

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let side = try? container.decode(Int.self) {
        pixels = side
        return
      }
      let sides = try container.decode([Int].self)
      guard sides.count == 2, sides[0] == sides[1] else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "pictures that are not square")
      }
      pixels = sides[0]
    }
  }

  enum HeadChannels {
    case absent
    case null
    case channels(Int)
  }

  private enum Key: String, CodingKey {
    case className = "_class_name"
    case sampleSize = "sample_size"
    case inChannels = "in_channels"
    case outChannels = "out_channels"
    case centerInputSample = "center_input_sample"
    case timeEmbeddingType = "time_embedding_type"
    case timeEmbeddingDim = "time_embedding_dim"
    case freqShift = "freq_shift"
    case flipSinToCos = "flip_sin_to_cos"
    case downBlockTypes = "down_block_types"
    case upBlockTypes = "up_block_types"
    case blockOutChannels = "block_out_channels"
    case layersPerBlock = "layers_per_block"
    case midBlockScaleFactor = "mid_block_scale_factor"
    case downsamplePadding = "downsample_padding"
    case actFn = "act_fn"
    case attentionHeadDim = "attention_head_dim"
    case normNumGroups = "norm_num_groups"
    case attnNormNumGroups = "attn_norm_num_groups"
    case normEps = "norm_eps"
    case resnetTimeScaleShift = "resnet_time_scale_shift"
    case addAttention = "add_attention"
    case classEmbedType = "class_embed_type"
    case numClassEmbeds = "num_class_embeds"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func value<T: Decodable>(_ key: Key) throws -> T? { try container.decodeIfPresent(T.self, forKey: key) }
    className = try value(.className)
    sampleSize = try value(.sampleSize)
    inChannels = try value(.inChannels)
    outChannels = try value(.outChannels)
    centerInputSample = try value(.centerInputSample)
    timeEmbeddingType = try value(.timeEmbeddingType)
    timeEmbeddingDim = try value(.timeEmbeddingDim)
    freqShift = try value(.freqShift)
    flipSinToCos = try value(.flipSinToCos)
    downBlockTypes = try value(.downBlockTypes)
    upBlockTypes = try value(.upBlockTypes)
    blockOutChannels = try value(.blockOutChannels)
    layersPerBlock = try value(.layersPerBlock)
    midBlockScaleFactor = try value(.midBlockScaleFactor)
    downsamplePadding = try value(.downsamplePadding)
    actFn = try value(.actFn)
    normNumGroups = try value(.normNumGroups)
    attnNormNumGroups = try value(.attnNormNumGroups)
    normEps = try value(.normEps)
    resnetTimeScaleShift = try value(.resnetTimeScaleShift)
    addAttention = try value(.addAttention)
    classEmbedType = try value(.classEmbedType)
    numClassEmbeds = try value(.numClassEmbeds)
    if !container.contains(.attentionHeadDim) {
      attentionHeadDim = .absent
    } else {
      attentionHeadDim = try value(.attentionHeadDim).map(HeadChannels.channels) ?? .null
    }
  }

  /// What it says, in the original's terms.
  ///
  /// - Throws: `CheckpointError.unsupported` for what is not drawn with, naming key and value.
  func description(file: String) throws(CheckpointError) -> ModelDescription {
    func require(_ key: Key, _ isSupported: Bool, _ value: String, _ supported: String) throws(CheckpointError) {
      if !isSupported { throw .unsupported(file: file, key: key.rawValue, value: value, supported: supported) }
    }
    let levels = blockOutChannels ?? [224, 448, 672, 896]
    let down = downBlockTypes ?? ["DownBlock2D"] + [String](repeating: "AttnDownBlock2D", count: 3)
    let up = upBlockTypes ?? [String](repeating: "AttnUpBlock2D", count: 3) + ["UpBlock2D"]
    let shift = resnetTimeScaleShift ?? "default"
    let groups = normNumGroups ?? 32
    try require(.className, className ?? "UNet2DModel" == "UNet2DModel", className ?? "", "UNet2DModel")
    try require(.centerInputSample, centerInputSample != true, "true", "false")
    try require(
      .timeEmbeddingType, timeEmbeddingType ?? "positional" == "positional", timeEmbeddingType ?? "", "positional")
    try require(.actFn, ["silu", "swish"].contains(actFn ?? "silu"), actFn ?? "", "silu")
    try require(.midBlockScaleFactor, midBlockScaleFactor ?? 1 == 1, "\(midBlockScaleFactor ?? 1)", "1")
    try require(.addAttention, addAttention != false, "false", "true")
    try require(.classEmbedType, classEmbedType == nil, classEmbedType ?? "", "null")
    try require(
      .resnetTimeScaleShift, ["default", "scale_shift"].contains(shift), shift, "default and scale_shift")
    try require(.downsamplePadding, (0...1).contains(downsamplePadding ?? 1), "\(downsamplePadding ?? 1)", "0 and 1")
    try require(
      .attnNormNumGroups, attnNormNumGroups ?? groups == groups, "\(attnNormNumGroups ?? 0)", "norm_num_groups, or null"
    )
    guard let width = levels.first, width > 0, levels.count <= 16, levels.allSatisfy({ $0 > 0 }) else {
      throw .unsupported(
        file: file, key: Key.blockOutChannels.rawValue, value: "\(levels)", supported: "1 to 16 widths above 0")
    }
    try require(
      .timeEmbeddingDim, timeEmbeddingDim ?? 4 * width == 4 * width, "\(timeEmbeddingDim ?? 0)",
      "null, or four times the first width")
    let attention = try attentionLevels(down, up, levels: levels.count, require)

    var description = ModelDescription()
    description.family = "diffusers"
    description.kind = "UNetModel"
    description.imageSize = sampleSize?.pixels
    description.inChannels = inChannels ?? 3
    description.modelChannels = width
    description.outChannels = outChannels ?? 3
    description.numResBlocks = layersPerBlock ?? 2
    description.attentionResolutions = attention.map { 1 << $0 }
    description.channelMult = levels.map { Double($0) / Double(width) }
    description.numClasses = numClassEmbeds
    switch attentionHeadDim {
    case .absent: description.numHeadChannels = 8
    case .null: description.numHeads = 1
    case .channels(let channels): description.numHeadChannels = channels
    }
    description.useScaleShiftNorm = shift == "scale_shift"
    description.normNumGroups = groups
    description.normEps = normEps ?? 1e-5
    // Its middle block takes the groups of its attention for missing unless the shift is the usual one.
    description.middleAttentionNorm = shift == "default" || attnNormNumGroups != nil
    description.downsamplePadding = downsamplePadding ?? 1
    description.freqShift = freqShift ?? 0
    description.flipSinToCos = flipSinToCos ?? true
    description.rescaleTimesteps = false
    return description
  }

  /// The levels with attention, which must be the same on the way down and up.
  private func attentionLevels(
    _ down: [String], _ up: [String], levels: Int,
    _ require: (Key, Bool, String, String) throws(CheckpointError) -> Void
  ) throws(CheckpointError) -> [Int] {
    let plain = ["DownBlock2D", "ResnetDownsampleBlock2D"]
    for type in down {
      try require(
        .downBlockTypes, plain.contains(type) || type == "AttnDownBlock2D", type,
        "DownBlock2D, AttnDownBlock2D and ResnetDownsampleBlock2D")
    }
    let plainUp = ["UpBlock2D", "ResnetUpsampleBlock2D"]
    for type in up {
      try require(
        .upBlockTypes, plainUp.contains(type) || type == "AttnUpBlock2D", type,
        "UpBlock2D, AttnUpBlock2D and ResnetUpsampleBlock2D")
    }
    try require(.downBlockTypes, down.count == levels, "\(down.count) blocks", "one for each of block_out_channels")
    let attention = down.indices.filter { down[$0] == "AttnDownBlock2D" }
    let attentionUp = up.indices.filter { up[$0] == "AttnUpBlock2D" }.map { up.count - 1 - $0 }
    try require(
      .upBlockTypes, up.count == levels && attentionUp.sorted() == attention, "\(up)",
      "the blocks of down_block_types the other way round")
    return attention
  }
}
