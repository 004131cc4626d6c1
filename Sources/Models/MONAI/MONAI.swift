import DiffusionCheckpoints

/// MONAI's `DiffusionModelUNet` in two dimensions, for medical images.
public struct MONAI: RenamedUNetFamily {
  /// See `ModelFamily`.
  public static let name = "monai"
  /// See `ModelFamily`.
  public static let signature: String? = "conv_in.conv.weight"
  static let conventions = SamplingConventions.networksEpsilon

  let unet: UNetCheckpoint

  /// See `RenamedUNetFamily`. Recognises the names of its convolutions.
  ///
  /// - Throws: `ModelError.unusable` for a network in three dimensions, or with cross-attention.
  static func renamed(_ contents: CheckpointContents) throws(ModelError) -> FamilyCheckpoint? {
    let names = contents.state.names
    guard let shape = contents.state.shape(of: "conv_in.conv.weight"), names.contains("time_embed.0.weight") else {
      return nil
    }
    let other =
      shape.count != 4
      ? "in \(shape.count - 2) dimensions" : names.contains { $0.contains(".attn2.") } ? "with cross-attention" : nil
    if let other {
      throw .unusable(
        reason:
          "\(contents.name): is a network of MONAI \(other), which cannot be drawn from here; those of two are")
    }
    return try Self.names(names).checkpoint(contents, whose: "MONAI's")
  }

  /// The original's names.
  static func names(_ names: [String]) -> TensorNames {
    let numbers = NameNumbers(names)
    let (levels, blocks) = (min(numbers.count("down_blocks."), 64), min(numbers.count("down_blocks.0.resnets."), 64))
    var table = TensorNames()
    func enterResBlock(_ theirs: String, _ original: String) {
      let layers = ["norm1", "conv1.conv", "time_emb_proj", "norm2", "conv2.conv", "skip_connection.conv"]
      table.enterResBlock(theirs, original, layers)
    }
    func enterAttention(_ theirs: String, _ original: String) {
      table.enterAttention(
        theirs, original, norm: "norm", qkv: ["attn.to_q", "attn.to_k", "attn.to_v"], out: "attn.out_proj")
    }
    table.enter("time_embed.0", "time_embed.0")
    table.enter("time_embed.2", "time_embed.2")
    table.enter("class_embedding", "label_emb")
    table.enter("conv_in.conv", "input_blocks.0.0")
    for level in 0..<levels {
      let (down, up) = ("down_blocks.\(level)", "up_blocks.\(level)")
      let first = 1 + level * (blocks + 1)
      for block in 0..<blocks {
        enterResBlock("\(down).resnets.\(block)", "input_blocks.\(first + block).0")
        enterAttention("\(down).attentions.\(block)", "input_blocks.\(first + block).1")
      }
      table.enter("\(down).downsampler.op.conv", "input_blocks.\(first + blocks).0.op")
      enterResBlock("\(down).downsampler", "input_blocks.\(first + blocks).0")
      let firstUp = level * (blocks + 1)
      for block in 0...blocks {
        enterResBlock("\(up).resnets.\(block)", "output_blocks.\(firstUp + block).0")
        enterAttention("\(up).attentions.\(block)", "output_blocks.\(firstUp + block).1")
      }
      // The upsampling layer comes after the attention, if there is any.
      let last = "output_blocks.\(firstUp + blocks).\(numbers.has("\(up).attentions.") ? 2 : 1)"
      table.enter("\(up).upsampler.postconv.conv", "\(last).conv")
      enterResBlock("\(up).upsampler", last)
    }
    enterResBlock("middle_block.resnet_1", "middle_block.0")
    enterAttention("middle_block.attention", "middle_block.1")
    enterResBlock("middle_block.resnet_2", "middle_block.2")
    table.enter("out.0", "out.0")
    table.enter("out.2.conv", "out.2")
    return table
  }

  /// The defaults of the constructor and of `DDPMScheduler`.
  var upstream: ModelDescription {
    var defaults = commonUpstream()
    defaults.numHeadChannels = 8
    defaults.useNewAttentionOrder = true
    defaults.normNumGroups = 32
    defaults.normEps = 1e-6
    defaults.freqShift = 0
    defaults.flipSinToCos = true
    defaults.downsamplePadding = 1
    (defaults.betaStart, defaults.betaEnd) = (1e-4, 0.02)
    defaults.rescaleTimesteps = false
    defaults.sigmaSmall = true
    return defaults
  }
}
