import DiffusionCheckpoints

/// What both networks of the code base have in common.
enum SR3Names {
  /// The original's names.
  ///
  /// - Parameters:
  ///   - names: the tensors' names.
  ///   - embedding: the layers that the noise level passes through.
  ///   - projection: a residual block's projection of it.
  static func table(_ names: [String], embedding: String, projection: String) -> TensorNames {
    let numbers = NameNumbers(names)
    var table = TensorNames()
    table.ignored = ["\(embedding).0.inv_freq"]
    table.enter("\(embedding).1", "time_embed.0")
    table.enter("\(embedding).3", "time_embed.2")
    table.enter("downs.0", "input_blocks.0.0")
    let lists = FlatLists(
      down: "downs", middle: "mid", up: "ups", first: 1, downsampling: "conv", upsampling: "conv")
    table.enter(lists, numbers) { table, theirs, original, attention in
      let layers = [
        "block1.block.0", "block1.block.3", projection, "block2.block.0", "block2.block.3", "res_conv",
      ].map { "res_block.\($0)" }
      table.enterResBlock(theirs, original, layers)
      guard numbers.has("\(theirs).attn.out.") else { return false }
      table.enterAttention("\(theirs).attn", attention, norm: "norm", qkv: ["qkv"], out: "out")
      return true
    }
    table.enter("final_conv.block.0", "out.0")
    table.enter("final_conv.block.3", "out.2")
    return table
  }

  /// The checkpoint under the original's names, with the process that lies beside it.
  ///
  /// - Throws: `ModelError` if the names are this network's, but no such network is possible.
  static func checkpoint(
    _ names: TensorNames, _ contents: CheckpointContents
  ) throws(ModelError) -> FamilyCheckpoint {
    try names.checkpoint(
      contents, whose: "SR3's", described: contents.described ?? .process(beside: contents),
      adding: missingBiases(names, contents.state))
  }

  /// The biases of queries, keys and values, which it does without.
  private static func missingBiases(_ names: TensorNames, _ state: StateDict) -> [AssembledName] {
    state.names.compactMap { name in
      guard name.hasSuffix(".attn.qkv.weight"), let rows = state.shape(of: name)?.first,
        let original = names.original(of: String(name.dropLast(".weight".count)))
      else { return nil }
      return AssembledName("\(original).bias", value: 0, shape: [rows])
    }
  }

  /// The values of its configurations, in place of `defaults`.
  static func upstream(_ defaults: ModelDescription, _ configuration: UNetConfiguration) -> ModelDescription {
    var defaults = defaults
    defaults.setHoDefaults(configuration)
    defaults.conditionFirst = true
    defaults.freqShift = 0
    defaults.normEps = 1e-5
    // The configuration for 512 × 512 is of half the width.
    defaults.normNumGroups = configuration.modelChannels % 32 == 0 ? 32 : 16
    defaults.downsamplePadding = 1
    defaults.sigmaSmall = true
    defaults.clipDenoised = true
    (defaults.diffusionSteps, defaults.betaStart, defaults.betaEnd) = (2000, 1e-6, 1e-2)
    return defaults
  }
}
