import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The other network of Janspiry/Image-Super-Resolution-via-Iterative-Refinement (`which_model_G: ddpm`), which is told
/// timesteps, and activates their embedding before each projection.
public struct SR3DDPM: UNetFamily {
  /// See `ModelFamily`.
  public static let name = "sr3-ddpm"
  /// See `ModelFamily`.
  public static let signature: String? = "downs.1.res_block.mlp.1.weight"
  static let shown = ModelDescription.oneHead

  let unet: UNetCheckpoint

  /// See `ModelFamily`. Recognises the projections of its residual blocks.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> SR3DDPM? {
    let state = contents.state
    guard state.names.contains("downs.1.res_block.mlp.1.weight") else {
      guard let unet = try UNetCheckpoint(described: name, contents, takesCondition: true) else { return nil }
      return SR3DDPM(unet: unet)
    }
    let names = SR3Names.table(state.names, embedding: "time_mlp", projection: "mlp.1")
    return try SR3Names.unet(names, contents).map { SR3DDPM(unet: $0) }
  }

  /// The values of its configurations.
  var upstream: ModelDescription { SR3Names.upstream(commonUpstream(), unet.architecture.configuration) }
}
