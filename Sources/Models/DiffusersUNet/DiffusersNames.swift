/// Diffusers' names of `UNet2DModel`'s layers. The network is the original's but for names and for separate queries,
/// keys and values.
extension TensorNames {
  /// The names for a network with the tensors `names`; nil if they are not diffusers'.
  static func diffusers(_ names: [String]) -> TensorNames? {
    guard names.contains("conv_in.weight") else { return nil }
    let numbers = NameNumbers(names)
    let (levels, layers) = (numbers.count("down_blocks."), numbers.count("down_blocks.0.resnets."))
    // No checkpoint has more, and the table grows with their product.
    guard levels > 0, layers > 0, levels <= 64, layers <= 64 else { return nil }
    // Before 2023 the attention projections had other names.
    let isOld = names.contains { $0.hasSuffix(".proj_attn.weight") }
    return diffusers(levels: levels, layers: layers, isOld: isOld) { numbers.has("up_blocks.\($0).attentions.") }
  }

  /// The names for a network of `levels` levels of `layers` blocks.
  ///
  /// - Parameters:
  ///   - levels: the levels.
  ///   - layers: the blocks of each in the encoder.
  ///   - isOld: whether attention's projections have the names of before 2023.
  ///   - hasAttention: whether the level of the decoder with a number, from the lowest resolution, has attention.
  static func diffusers(
    levels: Int, layers: Int, isOld: Bool = false, hasAttention: (_ level: Int) -> Bool
  ) -> TensorNames {
    var table = TensorNames()
    func enterResBlock(_ theirs: String, _ original: String) {
      table.enterResBlock(theirs, original, ["norm1", "conv1", "time_emb_proj", "norm2", "conv2", "conv_shortcut"])
    }
    func enterAttention(_ theirs: String, _ original: String) {
      table.enterAttention(
        theirs, original, norm: "group_norm", qkv: isOld ? ["query", "key", "value"] : ["to_q", "to_k", "to_v"],
        out: isOld ? "proj_attn" : "to_out.0")
    }

    table.enter("conv_in", "input_blocks.0.0")
    table.enter("time_embedding.linear_1", "time_embed.0")
    table.enter("time_embedding.linear_2", "time_embed.2")
    table.enter("class_embedding", "label_emb")
    for level in 0..<levels {
      let (down, up) = ("down_blocks.\(level)", "up_blocks.\(level)")
      let first = 1 + level * (layers + 1)
      for layer in 0..<layers {
        enterResBlock("\(down).resnets.\(layer)", "input_blocks.\(first + layer).0")
        enterAttention("\(down).attentions.\(layer)", "input_blocks.\(first + layer).1")
      }
      table.enter("\(down).downsamplers.0.conv", "input_blocks.\(first + layers).0.op")
      enterResBlock("\(down).downsamplers.0", "input_blocks.\(first + layers).0")

      let firstUp = level * (layers + 1)
      for layer in 0...layers {
        enterResBlock("\(up).resnets.\(layer)", "output_blocks.\(firstUp + layer).0")
        enterAttention("\(up).attentions.\(layer)", "output_blocks.\(firstUp + layer).1")
      }
      // The upsampling layer comes after the attention, if there is any.
      let place = hasAttention(level) ? 2 : 1
      table.enter("\(up).upsamplers.0.conv", "output_blocks.\(firstUp + layers).\(place).conv")
      enterResBlock("\(up).upsamplers.0", "output_blocks.\(firstUp + layers).\(place)")
    }
    enterResBlock("mid_block.resnets.0", "middle_block.0")
    enterAttention("mid_block.attentions.0", "middle_block.1")
    enterResBlock("mid_block.resnets.1", "middle_block.2")
    table.enter("conv_norm_out", "out.0")
    table.enter("conv_out", "out.2")
    return table
  }
}
