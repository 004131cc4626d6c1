import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The other network of Janspiry/Image-Super-Resolution-via-Iterative-Refinement (`which_model_G: ddpm`), which is told
/// timesteps, and activates their embedding before each projection.
public struct SR3DDPM: RenamedUNetFamily {
  /// See `ModelFamily`.
  public static let name = "sr3-ddpm"
  /// See `ModelFamily`.
  public static let signature: String? = "downs.1.res_block.mlp.1.weight"
  static let shown = ModelDescription.oneHead

  static let takesCondition = true

  let unet: UNetCheckpoint

  /// See `RenamedUNetFamily`. Recognises the projections of its residual blocks.
  static func renamed(_ contents: CheckpointContents) throws(ModelError) -> FamilyCheckpoint? {
    let state = contents.state
    guard state.names.contains("downs.1.res_block.mlp.1.weight") else { return nil }
    let names = SR3Names.table(state.names, embedding: "time_mlp", projection: "mlp.1")
    return try SR3Names.checkpoint(names, contents)
  }

  /// The values of its configurations.
  var upstream: ModelDescription { SR3Names.upstream(commonUpstream(), unet.architecture.configuration) }
}
