import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The network of Janspiry/Image-Super-Resolution-via-Iterative-Refinement (Saharia et al. 2021), which is told √ᾱ and
/// draws from a low-resolution image that was enlarged before; with three channels, from noise alone.
public struct SR3: RenamedUNetFamily {
  /// See `ModelFamily`.
  public static let name = "sr3"
  /// See `ModelFamily`.
  public static let signature: String? = "noise_level_mlp.1.weight"
  static let shown: ModelDescription = {
    var shown = ModelDescription.oneHead
    shown.activatesEmbedding = false
    return shown
  }()

  static let takesCondition = true

  let unet: UNetCheckpoint

  /// See `RenamedUNetFamily`. Recognises the layers that the noise level passes through.
  static func renamed(_ contents: CheckpointContents) throws(ModelError) -> FamilyCheckpoint? {
    let state = contents.state
    guard state.names.contains("noise_level_mlp.1.weight") else { return nil }
    let names = SR3Names.table(state.names, embedding: "noise_level_mlp", projection: "noise_func.noise_func.0")
    return try SR3Names.checkpoint(names, contents)
  }

  /// The values of its configurations.
  var upstream: ModelDescription {
    var defaults = SR3Names.upstream(commonUpstream(), unet.architecture.configuration)
    defaults.conditioning = LevelConditioning.sqrtAlphasCumprod.rawValue
    return defaults
  }
}
