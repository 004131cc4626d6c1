import DiffusionCheckpoints

/// The network of ermongroup/ddim (Song et al. 2021, "Denoising Diffusion Implicit Models"), a translation of Ho et
/// al.'s, which pesser/pytorch_diffusion, SDEdit, DDRM and DiffusionCLIP use too.
public struct ErmonDDIM: RenamedUNetFamily {
  /// See `ModelFamily`.
  public static let name = "ddim"
  /// See `ModelFamily`.
  public static let signature: String? = "temb.dense.0.weight"
  static let conventions = SamplingConventions.networksEpsilon
  static let shown = ModelDescription.oneHead

  let unet: UNetCheckpoint

  /// See `RenamedUNetFamily`. Recognises the names of the timestep embedding's layers.
  static func renamed(_ contents: CheckpointContents) throws(ModelError) -> FamilyCheckpoint? {
    guard contents.state.names.contains("temb.dense.0.weight") else { return nil }
    return try names(contents.state.names).checkpoint(contents, whose: "ermongroup/ddim's")
  }

  /// The original's names; levels of the decoder count from the highest resolution.
  static func names(_ names: [String]) -> TensorNames {
    let numbers = NameNumbers(names)
    let (levels, blocks) = (min(numbers.count("down."), 64), min(numbers.count("down.0.block."), 64))
    var table = TensorNames()
    // Ho et al.'s network had it, and never used it.
    table.ignored = ["logvar"]
    func enterResBlock(_ theirs: String, _ original: String) {
      table.enterResBlock(theirs, original, ["norm1", "conv1", "temb_proj", "norm2", "conv2", "nin_shortcut"])
    }
    func enterAttention(_ theirs: String, _ original: String) {
      table.enterAttention(theirs, original, norm: "norm", qkv: ["q", "k", "v"], out: "proj_out")
    }
    table.enter("temb.dense.0", "time_embed.0")
    table.enter("temb.dense.1", "time_embed.2")
    table.enter("conv_in", "input_blocks.0.0")
    for level in 0..<levels {
      let first = 1 + level * (blocks + 1)
      for block in 0..<blocks {
        enterResBlock("down.\(level).block.\(block)", "input_blocks.\(first + block).0")
        enterAttention("down.\(level).attn.\(block)", "input_blocks.\(first + block).1")
      }
      table.enter("down.\(level).downsample.conv", "input_blocks.\(first + blocks).0.op")
      let firstUp = (levels - 1 - level) * (blocks + 1)
      for block in 0...blocks {
        enterResBlock("up.\(level).block.\(block)", "output_blocks.\(firstUp + block).0")
        enterAttention("up.\(level).attn.\(block)", "output_blocks.\(firstUp + block).1")
      }
      // The upsampling layer comes after the attention, if there is any.
      let place = numbers.has("up.\(level).attn.\(blocks).") ? 2 : 1
      table.enter("up.\(level).upsample.conv", "output_blocks.\(firstUp + blocks).\(place).conv")
    }
    enterResBlock("mid.block_1", "middle_block.0")
    enterAttention("mid.attn_1", "middle_block.1")
    enterResBlock("mid.block_2", "middle_block.2")
    table.enter("norm_out", "out.0")
    table.enter("conv_out", "out.2")
    return table
  }

  var upstream: ModelDescription {
    var defaults = commonUpstream()
    defaults.setHoDefaults(unet.architecture.configuration)
    defaults.normEps = 1e-6
    defaults.freqShift = 1
    defaults.downsamplePadding = 0
    return defaults
  }
}
