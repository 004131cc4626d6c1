import DiffusionCheckpoints
import DiffusionFiles
import TensorCore

/// The `config.json` of diffusers' `UNet2DModel`, with the constructor's defaults for missing keys.
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
  /// The channels of an attention head; a missing key and null mean different things.
  let attentionHeadDim: HeadChannels
  let normNumGroups: Int?
  let attnNormNumGroups: Int?
  let normEps: Double?
  let resnetTimeScaleShift: String?
  let addAttention: Bool?
  let classEmbedType: String?
  let numClassEmbeds: Int?

  /// A number, or a list of the same number twice.
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

  enum HeadChannels: Decodable {
    case absent
    case null
    case channels(Int)
  }

  // The keys after conversion from snake case.
  enum CodingKeys: String, CodingKey {
    case className = "_className"
    case sampleSize, inChannels, outChannels, centerInputSample, timeEmbeddingType, timeEmbeddingDim, freqShift
    case flipSinToCos, downBlockTypes, upBlockTypes, blockOutChannels, layersPerBlock, midBlockScaleFactor
    case downsamplePadding, actFn, attentionHeadDim, normNumGroups, attnNormNumGroups, normEps, resnetTimeScaleShift
    case addAttention, classEmbedType, numClassEmbeds
  }

  /// Translates the configuration into the original's terms.
  ///
  /// - Throws: `CheckpointError.unsupported`, with key and value, if a value is not supported.
  func description(file: String) throws(CheckpointError) -> ModelDescription {
    if isNCSNpp { return try ncsnppDescription(file: file) }
    func require(_ key: String, _ isSupported: Bool, _ value: String, _ supported: String) throws(CheckpointError) {
      if !isSupported { throw .unsupported(file: file, key: key, value: value, supported: supported) }
    }
    let levels = blockOutChannels ?? [224, 448, 672, 896]
    let down = downBlockTypes ?? ["DownBlock2D"] + [String](repeating: "AttnDownBlock2D", count: 3)
    let up = upBlockTypes ?? [String](repeating: "AttnUpBlock2D", count: 3) + ["UpBlock2D"]
    let shift = resnetTimeScaleShift ?? "default"
    let groups = normNumGroups ?? 32
    try require("_class_name", className ?? "UNet2DModel" == "UNet2DModel", className ?? "", "UNet2DModel")
    try require("center_input_sample", centerInputSample != true, "true", "false")
    try require(
      "time_embedding_type", timeEmbeddingType ?? "positional" == "positional", timeEmbeddingType ?? "", "positional")
    try require("act_fn", ["silu", "swish"].contains(actFn ?? "silu"), actFn ?? "", "silu")
    try require("mid_block_scale_factor", midBlockScaleFactor ?? 1 == 1, "\(midBlockScaleFactor ?? 1)", "1")
    try require("add_attention", addAttention != false, "false", "true")
    try require("class_embed_type", classEmbedType == nil, classEmbedType ?? "", "null")
    try require(
      "resnet_time_scale_shift", ["default", "scale_shift"].contains(shift), shift, "default and scale_shift")
    try require("downsample_padding", (0...1).contains(downsamplePadding ?? 1), "\(downsamplePadding ?? 1)", "0 and 1")
    try require(
      "attn_norm_num_groups", attnNormNumGroups ?? groups == groups, "\(attnNormNumGroups ?? 0)",
      "norm_num_groups, or null"
    )
    guard let width = levels.first, levels.count <= 16, levels.allSatisfy((1...65_536).contains) else {
      throw .unsupported(
        file: file, key: "block_out_channels", value: "\(levels)", supported: "1 to 16 widths up to 65536")
    }
    try require(
      "time_embedding_dim", timeEmbeddingDim ?? 4 * width == 4 * width, "\(timeEmbeddingDim ?? 0)",
      "null, or four times the first width")
    for (key, channels) in [("in_channels", inChannels ?? 3), ("out_channels", outChannels ?? 3)] {
      try require(key, (1...65_536).contains(channels), "\(channels)", "1 to 65536")
    }
    let attention = try attentionLevels(down, up, levels: levels.count, require)

    var description = ModelDescription()
    description.family = "diffusers"
    description.kind = "UNetModel"
    description.imageSize = sampleSize?.pixels
    // What it takes more than it puts out are the channels of images that it draws from.
    let (taken, out) = (inChannels ?? 3, outChannels ?? 3)
    description.inChannels = min(taken, out)
    if taken > out { description.conditionChannels = taken - out }
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
    // Unless the shift is `default`, diffusers normalises the middle attention only if attn_norm_num_groups is set.
    description.middleAttentionNorm = shift == "default" || attnNormNumGroups != nil
    description.downsamplePadding = downsamplePadding ?? 1
    description.freqShift = freqShift ?? 0
    description.flipSinToCos = flipSinToCos ?? true
    description.rescaleTimesteps = false
    return description
  }

  /// The levels with attention, which must be the same in both halves.
  private func attentionLevels(
    _ down: [String], _ up: [String], levels: Int,
    _ require: (String, Bool, String, String) throws(CheckpointError) -> Void
  ) throws(CheckpointError) -> [Int] {
    let plain = ["DownBlock2D", "ResnetDownsampleBlock2D"]
    for type in down {
      try require(
        "down_block_types", plain.contains(type) || type == "AttnDownBlock2D", type,
        "DownBlock2D, AttnDownBlock2D and ResnetDownsampleBlock2D")
    }
    let plainUp = ["UpBlock2D", "ResnetUpsampleBlock2D"]
    for type in up {
      try require(
        "up_block_types", plainUp.contains(type) || type == "AttnUpBlock2D", type,
        "UpBlock2D, AttnUpBlock2D and ResnetUpsampleBlock2D")
    }
    try require("down_block_types", down.count == levels, "\(down.count) blocks", "one for each of block_out_channels")
    let attention = down.indices.filter { down[$0] == "AttnDownBlock2D" }
    let attentionUp = up.indices.filter { up[$0] == "AttnUpBlock2D" }.map { up.count - 1 - $0 }
    try require(
      "up_block_types", up.count == levels && attentionUp.sorted() == attention, "\(up)",
      "the blocks of down_block_types the other way round")
    return attention
  }
}

extension KeyedDecodingContainer {
  /// Called by the synthesised decoding for the heads: distinguishes null from a missing key.
  func decode(_ type: DiffusersConfiguration.HeadChannels.Type, forKey key: Key) throws
    -> DiffusersConfiguration.HeadChannels
  {
    guard contains(key) else { return .absent }
    return try decodeNil(forKey: key) ? .null : .channels(try decode(Int.self, forKey: key))
  }
}
