import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The network of Janspiry/Image-Super-Resolution-via-Iterative-Refinement (Saharia et al. 2021), which is told √ᾱ and
/// draws from a low-resolution image that was enlarged before; with three channels, from noise alone.
public struct SR3: UNetFamily {
  /// See `ModelFamily`.
  public static let name = "sr3"
  /// See `ModelFamily`.
  public static let signature: String? = "noise_level_mlp.1.weight"
  static let shown: ModelDescription = {
    var shown = ModelDescription.oneHead
    shown.activatesEmbedding = false
    return shown
  }()

  let unet: UNetCheckpoint

  /// See `ModelFamily`. Recognises the layers that the noise level passes through.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> SR3? {
    let state = contents.state
    guard state.names.contains("noise_level_mlp.1.weight") else {
      guard let unet = try UNetCheckpoint(described: name, contents, takesCondition: true) else { return nil }
      return SR3(unet: unet)
    }
    let names = names(state.names)
    let checkpoint = try names.checkpoint(
      contents, whose: "SR3's", described: contents.described ?? .process(beside: contents),
      adding: missingBiases(names, state))
    guard let unet = try UNetCheckpoint(checkpoint, among: [], takesCondition: true) else { return nil }
    return SR3(unet: unet)
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

  /// The original's names.
  static func names(_ names: [String]) -> TensorNames {
    let numbers = NameNumbers(names)
    var table = TensorNames()
    table.enter("noise_level_mlp.1", "time_embed.0")
    table.enter("noise_level_mlp.3", "time_embed.2")
    table.enter("downs.0", "input_blocks.0.0")
    let lists = FlatLists(
      down: "downs", middle: "mid", up: "ups", first: 1, downsampling: "conv", upsampling: "conv")
    table.enter(lists, numbers) { table, theirs, original, attention in
      let layers = [
        "block1.block.0", "block1.block.3", "noise_func.noise_func.0", "block2.block.0", "block2.block.3", "res_conv",
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

  /// The values of its configurations.
  var upstream: ModelDescription {
    var defaults = commonUpstream()
    defaults.setHoDefaults(unet.architecture.configuration)
    defaults.conditionFirst = true
    defaults.conditioning = LevelConditioning.sqrtAlphasCumprod.rawValue
    defaults.freqShift = 0
    defaults.normEps = 1e-5
    // The configuration for 512 × 512 is of half the width.
    defaults.normNumGroups = unet.architecture.configuration.modelChannels % 32 == 0 ? 32 : 16
    defaults.downsamplePadding = 1
    defaults.sigmaSmall = true
    defaults.clipDenoised = true
    (defaults.diffusionSteps, defaults.betaStart, defaults.betaEnd) = (2000, 1e-6, 1e-2)
    return defaults
  }
}
