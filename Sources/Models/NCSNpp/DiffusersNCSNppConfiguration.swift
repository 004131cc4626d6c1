import DiffusionCheckpoints
import DiffusionFiles
import TensorCore

extension DiffusersConfiguration {
  /// Whether the network is NCSN++, whose blocks filter where they resample.
  var isNCSNpp: Bool { downBlockTypes?.contains { $0.contains("Skip") } == true }

  /// Translates the configuration of NCSN++.
  ///
  /// - Throws: `CheckpointError.unsupported`, with key and value, if a value is not supported.
  func ncsnppDescription(file: String) throws(CheckpointError) -> ModelDescription {
    func require(_ key: String, _ isSupported: Bool, _ value: String, _ supported: String) throws(CheckpointError) {
      if !isSupported { throw .unsupported(file: file, key: key, value: value, supported: supported) }
    }
    let skips = ["SkipDownBlock2D", "AttnSkipDownBlock2D"]
    let skipsUp = ["SkipUpBlock2D", "AttnSkipUpBlock2D"]
    for type in downBlockTypes ?? [] {
      try require("down_block_types", skips.contains(type), type, skips.joined(separator: " and "))
    }
    for type in upBlockTypes ?? [] {
      try require("up_block_types", skipsUp.contains(type), type, skipsUp.joined(separator: " and "))
    }
    try require(
      "time_embedding_type", timeEmbeddingType == "fourier", timeEmbeddingType ?? "positional", "fourier")
    try require("act_fn", ["silu", "swish"].contains(actFn ?? "silu"), actFn ?? "", "silu")
    try require("in_channels", inChannels ?? 3 == 3, "\(inChannels ?? 3)", "3")
    try require("out_channels", outChannels ?? 3 == 3, "\(outChannels ?? 3)", "3")
    try require("class_embed_type", classEmbedType == nil, classEmbedType ?? "", "null")
    try require("num_class_embeds", numClassEmbeds == nil, "\(numClassEmbeds ?? 0)", "null")
    try require("add_attention", addAttention != false, "false", "true")
    let shift = resnetTimeScaleShift ?? "default"
    try require("resnet_time_scale_shift", shift == "default", shift, "default")
    let scale = midBlockScaleFactor ?? 1
    try require(
      "mid_block_scale_factor", scale == 1 || abs(scale - 2.0.squareRoot()) < 1e-6, "\(scale)",
      "1 and the square root of 2")

    var description = ModelDescription()
    description.family = DiffusersNCSNpp.name
    description.imageSize = sampleSize?.pixels
    description.normEps = normEps ?? 1e-5
    description[network: "center_input_sample"] = centerInputSample == true ? "True" : "False"
    description[network: "rescale_middle"] = scale == 1 ? "False" : "True"
    description[network: "norm_num_groups"] = normNumGroups.map(String.init) ?? "None"
    description[network: "attention_head_dim"] =
      switch attentionHeadDim {
      case .absent: "8"
      case .null: "None"
      case .channels(let channels): "\(channels)"
      }
    return description
  }
}
