import DiffusionCheckpoints

/// The network of tqch/ddpm-torch.
public struct DDPMTorch: RenamedUNetFamily {
  /// See `ModelFamily`.
  public static let name = "ddpm-torch"
  /// See `ModelFamily`.
  public static let signature: String? = "in_conv.weight"
  static let conventions = SamplingConventions.networksEpsilon
  static let shown = ModelDescription.oneHead

  let unet: UNetCheckpoint

  /// See `RenamedUNetFamily`. Recognises the names of its levels.
  static func renamed(_ contents: CheckpointContents) throws(ModelError) -> FamilyCheckpoint? {
    guard contents.state.names.contains(where: { $0.hasPrefix("downsamples.level_0.") }) else { return nil }
    return try names(contents.state.names).checkpoint(contents, whose: "ddpm-torch's")
  }

  /// The original's names; levels of the decoder count from the highest resolution.
  static func names(_ names: [String]) -> TensorNames {
    let numbers = NameNumbers(names)
    let levels = min(numbers.count("downsamples.level_"), 64)
    // The lowest level has no downsampling layer.
    let blocks = min(numbers.count("downsamples.level_\(levels - 1)."), 64)
    var table = TensorNames()
    func enterResBlock(_ theirs: String, _ original: String) {
      table.enterResBlock(theirs, original, ["norm1", "conv1", "fc", "norm2", "conv2", "skip"])
    }
    func enterAttention(_ theirs: String, _ original: String) {
      table.enterAttention(theirs, original, norm: "norm", qkv: ["project_in"], out: "project_out")
    }
    /// Enters a block, which is a residual block or a list of one and its attention; returns whether it is a list.
    func enterBlock(_ theirs: String, _ original: String) -> Bool {
      guard numbers.has("\(theirs).0.norm1.") else {
        enterResBlock(theirs, "\(original).0")
        return false
      }
      enterResBlock("\(theirs).0", "\(original).0")
      enterAttention("\(theirs).1", "\(original).1")
      return true
    }
    table.enter("embed.0", "time_embed.0")
    table.enter("embed.2", "time_embed.2")
    table.enter("in_conv", "input_blocks.0.0")
    for level in 0..<max(levels, 0) {
      let first = 1 + level * (blocks + 1)
      for block in 0..<blocks {
        _ = enterBlock("downsamples.level_\(level).\(block)", "input_blocks.\(first + block)")
      }
      table.enter("downsamples.level_\(level).\(blocks).1", "input_blocks.\(first + blocks).0.op")
      let firstUp = (levels - 1 - level) * (blocks + 1)
      var hasAttention = false
      for block in 0...blocks {
        hasAttention = enterBlock("upsamples.level_\(level).\(block)", "output_blocks.\(firstUp + block)")
      }
      table.enter(
        "upsamples.level_\(level).\(blocks + 1).1", "output_blocks.\(firstUp + blocks).\(hasAttention ? 2 : 1).conv")
    }
    enterResBlock("middle.0", "middle_block.0")
    enterAttention("middle.1", "middle_block.1")
    enterResBlock("middle.2", "middle_block.2")
    table.enter("out_conv.0", "out.0")
    table.enter("out_conv.2", "out.2")
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
