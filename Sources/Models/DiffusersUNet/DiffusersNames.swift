import DiffusionCheckpoints

/// Maps the tensor names of diffusers' `UNet2DModel` to the original's. The networks are the same except for names and
/// for separate queries, keys and values.
public struct DiffusersNames: Sendable {
  /// Diffusers' names by the original's, without `.weight` and `.bias`; several names for one are its parts, in order.
  private var byOriginal: [String: [String]] = [:]
  /// The original's names by diffusers'.
  private var byDiffusers: [String: String] = [:]

  /// Creates the table for a network with the tensors `names`; nil if they are not diffusers'.
  public init?(_ names: [String]) {
    guard names.contains("conv_in.weight") else { return nil }
    /// One more than the largest number that follows `prefix`.
    func count(_ prefix: String) -> Int {
      let numbers = names.compactMap { name in
        name.hasPrefix(prefix) ? name.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) } : nil
      }
      return (numbers.max() ?? -1) + 1
    }
    let (levels, layers) = (count("down_blocks."), count("down_blocks.0.resnets."))
    // No checkpoint has more, and the table grows with their product.
    guard levels > 0, layers > 0, levels <= 64, layers <= 64 else { return nil }
    // Before 2023 the attention projections had other names.
    let isOld = names.contains { $0.hasSuffix(".proj_attn.weight") }

    enter("conv_in", "input_blocks.0.0")
    enter("time_embedding.linear_1", "time_embed.0")
    enter("time_embedding.linear_2", "time_embed.2")
    enter("class_embedding", "label_emb")
    for level in 0..<levels {
      let (down, up) = ("down_blocks.\(level)", "up_blocks.\(level)")
      let first = 1 + level * (layers + 1)
      for layer in 0..<layers {
        enterResBlock("\(down).resnets.\(layer)", "input_blocks.\(first + layer).0")
        enterAttention("\(down).attentions.\(layer)", "input_blocks.\(first + layer).1", isOld)
      }
      enter("\(down).downsamplers.0.conv", "input_blocks.\(first + layers).0.op")
      enterResBlock("\(down).downsamplers.0", "input_blocks.\(first + layers).0")

      let firstUp = level * (layers + 1)
      for layer in 0...layers {
        enterResBlock("\(up).resnets.\(layer)", "output_blocks.\(firstUp + layer).0")
        enterAttention("\(up).attentions.\(layer)", "output_blocks.\(firstUp + layer).1", isOld)
      }
      // The upsampling layer comes after the attention, if there is any.
      let place = names.contains { $0.hasPrefix("\(up).attentions.") } ? 2 : 1
      enter("\(up).upsamplers.0.conv", "output_blocks.\(firstUp + layers).\(place).conv")
      enterResBlock("\(up).upsamplers.0", "output_blocks.\(firstUp + layers).\(place)")
    }
    enterResBlock("mid_block.resnets.0", "middle_block.0")
    enterAttention("mid_block.attentions.0", "middle_block.1", isOld)
    enterResBlock("mid_block.resnets.1", "middle_block.2")
    enter("conv_norm_out", "out.0")
    enter("conv_out", "out.2")
  }

  private mutating func enter(_ diffusers: String, _ original: String) {
    byOriginal[original, default: []].append(diffusers)
    byDiffusers[diffusers] = original
  }

  private mutating func enterResBlock(_ diffusers: String, _ original: String) {
    enter("\(diffusers).norm1", "\(original).in_layers.0")
    enter("\(diffusers).conv1", "\(original).in_layers.2")
    enter("\(diffusers).time_emb_proj", "\(original).emb_layers.1")
    enter("\(diffusers).norm2", "\(original).out_layers.0")
    enter("\(diffusers).conv2", "\(original).out_layers.3")
    enter("\(diffusers).conv_shortcut", "\(original).skip_connection")
  }

  private mutating func enterAttention(_ diffusers: String, _ original: String, _ isOld: Bool) {
    enter("\(diffusers).group_norm", "\(original).norm")
    for part in isOld ? ["query", "key", "value"] : ["to_q", "to_k", "to_v"] {
      enter("\(diffusers).\(part)", "\(original).qkv")
    }
    enter("\(diffusers).\(isOld ? "proj_attn" : "to_out.0")", "\(original).proj_out")
  }

  /// How to assemble the original's tensors from diffusers' tensors `names`, in their order. Tensors without a
  /// counterpart keep their names.
  public func assemblies(_ names: [String]) -> [AssembledName] {
    var seen: Set<String> = []
    return names.compactMap { name in
      guard let (layer, parameter) = split(name), let original = byDiffusers[layer] else {
        return AssembledName(name, parts: [name])
      }
      let target = "\(original).\(parameter)"
      guard seen.insert(target).inserted else { return nil }
      let isProjection = original.hasSuffix(".qkv") || original.hasSuffix(".proj_out")
      // A linear layer in diffusers is a convolution in the original.
      return AssembledName(
        target, parts: parts(of: target) ?? [name], trailingOnes: isProjection && parameter == "weight" ? 1 : 0)
    }
  }

  /// Diffusers' names for a tensor of the original; nil if it has none.
  public func parts(of original: String) -> [String]? {
    guard let (layer, parameter) = split(original), let parts = byOriginal[layer] else { return nil }
    return parts.map { "\($0).\(parameter)" }
  }

  /// Splits a name into its layer and the rest, `weight` or `bias`.
  private func split(_ name: String) -> (layer: String, parameter: String)? {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    return (String(name[..<dot]), String(name[name.index(after: dot)...]))
  }
}
