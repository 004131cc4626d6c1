import DiffusionCheckpoints
import DiffusionFiles
import DiffusionText

/// The `config.json` of diffusers' `VQModel` and `AutoencoderKL`, with the constructors' defaults for missing keys.
struct AutoencoderConfiguration: Decodable, Sendable {
  let className: String?
  let actFn: String?
  let attentionHeadDim: Int?
  let blockOutChannels: [Int]?
  let downBlockTypes: [String]?
  let upBlockTypes: [String]?
  let inChannels: Int?
  let outChannels: Int?
  let latentChannels: Int?
  let latentsMean: [Double]?
  let latentsStd: [Double]?
  let layersPerBlock: Int?
  let midBlockAddAttention: Bool?
  let normNumGroups: Int?
  let normType: String?
  let numVqEmbeddings: Int?
  let scalingFactor: Double?
  let shiftFactor: Double?
  let usePostQuantConv: Bool?
  let useQuantConv: Bool?
  let vqEmbedDim: Int?

  // The keys after conversion from snake case.
  enum CodingKeys: String, CodingKey {
    case className = "_className"
    case actFn, attentionHeadDim, blockOutChannels, downBlockTypes, upBlockTypes, inChannels, outChannels
    case latentChannels, latentsMean, latentsStd, layersPerBlock, midBlockAddAttention, normNumGroups, normType
    case numVqEmbeddings, scalingFactor, shiftFactor, usePostQuantConv, useQuantConv, vqEmbedDim
  }

  /// The shape of the network.
  ///
  /// - Parameters:
  ///   - kind: the class that the pipeline names.
  ///   - file: the file's name in errors.
  /// - Throws: `CheckpointError.unsupported`, with key and value, if a value is not supported.
  func shape(kind: AutoencoderShape.Kind, file: String) throws(CheckpointError) -> AutoencoderShape {
    func require(_ key: String, _ isSupported: Bool, _ value: String, _ supported: String) throws(CheckpointError) {
      if isSupported { return }
      throw .unsupported(file: file, key: key, value: sanitizedLine(value), supported: supported)
    }
    func size(_ key: String, _ value: Int, _ most: Int) throws(CheckpointError) -> Int {
      try require(key, (1...most).contains(value), "\(value)", "1 to \(most)")
      return value
    }
    let name = className ?? kind.rawValue
    try require("_class_name", name == kind.rawValue, name, "\(kind.rawValue), which model_index.json names,")
    try require("act_fn", ["silu", "swish"].contains(actFn ?? "silu"), actFn ?? "", "silu")
    try require("norm_type", normType ?? "group" == "group", normType ?? "", "group")
    try require("shift_factor", shiftFactor ?? 0 == 0, "\(shiftFactor ?? 0)", "null")
    try require("latents_mean", latentsMean == nil, "\(latentsMean?.count ?? 0) numbers", "null")
    try require("latents_std", latentsStd == nil, "\(latentsStd?.count ?? 0) numbers", "null")

    let widths = blockOutChannels ?? [64]
    try require("block_out_channels", (1...8).contains(widths.count), "\(widths.count) widths", "1 to 8 widths")
    for width in widths { _ = try size("block_out_channels", width, 65_536) }
    for (key, types, type) in [
      ("down_block_types", downBlockTypes, "DownEncoderBlock2D"), ("up_block_types", upBlockTypes, "UpDecoderBlock2D"),
    ] {
      let types = types ?? [type]
      for found in types { try require(key, found == type, found, type) }
      try require(key, types.count == widths.count, "\(types.count) blocks", "one for each of block_out_channels")
    }
    let groups = try size("norm_num_groups", normNumGroups ?? 32, 65_536)
    try require(
      "norm_num_groups", widths.allSatisfy { $0 % groups == 0 }, "\(groups)", "a divisor of all block_out_channels")
    // Diffusers' classes have no such setting: attention has one head.
    let middle = widths[widths.count - 1]
    try require(
      "attention_head_dim", attentionHeadDim ?? middle == middle, "\(attentionHeadDim ?? 0)", "null, for one head,")

    let inner = try size("latent_channels", latentChannels ?? (kind == .vqModel ? 3 : 4), 1024)
    var shape = AutoencoderShape(
      kind: kind, widths: widths, layers: try size("layers_per_block", layersPerBlock ?? 1, 64), groups: groups,
      pictureChannels: try size("out_channels", outChannels ?? 3, 1024), innerChannels: inner)
    try require(
      "in_channels", inChannels ?? 3 == shape.pictureChannels, "\(inChannels ?? 3)", "as many as out_channels")
    shape.hasMiddleAttention = midBlockAddAttention ?? true
    shape.scalingFactor = scalingFactor ?? shape.scalingFactor
    try require("scaling_factor", (1e-6...1e6).contains(shape.scalingFactor), "\(shape.scalingFactor)", "1e-6 to 1e6")
    switch kind {
    case .vqModel:
      shape.latentChannels = try size("vq_embed_dim", vqEmbedDim ?? inner, 1024)
      shape.codes = try size("num_vq_embeddings", numVqEmbeddings ?? 256, 1 << 24)
    case .autoencoderKL:
      shape.quantizes = useQuantConv ?? true
      shape.dequantizes = usePostQuantConv ?? true
    }
    return shape
  }
}

/// The shape of an autoencoder, whose values have been checked.
struct AutoencoderShape: Sendable, Equatable {
  /// The classes of diffusers, by their names there.
  enum Kind: String, Sendable, CaseIterable {
    /// Latents are rounded to the rows of a codebook (Esser et al. 2021, "Taming Transformers", §3.1).
    case vqModel = "VQModel"
    /// Latents are normally distributed given a picture (Kingma & Welling 2014).
    case autoencoderKL = "AutoencoderKL"
  }

  let kind: Kind
  /// The channels of the levels, from the highest resolution.
  let widths: [Int]
  /// The residual blocks of a level of the encoder; the decoder's have one more.
  let layers: Int
  /// The groups of normalisations.
  let groups: Int
  /// The channels of pictures.
  let pictureChannels: Int
  /// The channels of latents between encoder or decoder and the convolution that makes them the process's.
  let innerChannels: Int
  /// The channels of the process's latents.
  var latentChannels: Int
  /// The rows of the codebook; 0 without one.
  var codes = 0
  /// Whether there is an attention in the middle.
  var hasMiddleAttention = true
  /// Whether a convolution follows the encoder (`quant_conv`).
  var quantizes = true
  /// Whether a convolution precedes the decoder (`post_quant_conv`).
  var dequantizes = true
  /// What the autoencoder's latents are multiplied by for the process.
  var scalingFactor = 0.18215

  init(kind: Kind, widths: [Int], layers: Int, groups: Int, pictureChannels: Int, innerChannels: Int) {
    (self.kind, self.widths, self.layers, self.groups) = (kind, widths, layers, groups)
    (self.pictureChannels, self.innerChannels, latentChannels) = (pictureChannels, innerChannels, innerChannels)
  }

  /// The pixels of a picture, across, for each of a latent.
  var scale: Int { 1 << (widths.count - 1) }
}
