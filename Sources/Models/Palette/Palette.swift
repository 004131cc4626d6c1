import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The network of Janspiry/Palette-Image-to-Image-Diffusion-Models (Saharia et al. 2022): guided-diffusion's, which is
/// told ᾱ and draws from an image that stands before its own.
public struct Palette: RenamedUNetFamily {
  /// See `ModelFamily`.
  public static let name = "palette"
  /// See `ModelFamily`.
  public static let signature: String? = "cond_embed.0.weight"

  static let conventions: SamplingConventions = {
    var conventions = SamplingConventions()
    conventions.completesConditions = true
    return conventions
  }()

  static let takesCondition = true

  let unet: UNetCheckpoint

  /// See `RenamedUNetFamily`. Recognises the layers that ᾱ passes through.
  static func renamed(_ contents: CheckpointContents) throws(ModelError) -> FamilyCheckpoint? {
    let state = contents.state
    guard state.names.contains("cond_embed.0.weight") else { return nil }
    var table = TensorNames()
    table.enter("cond_embed.0", "time_embed.0")
    table.enter("cond_embed.2", "time_embed.2")
    return try table.checkpoint(contents, whose: "Palette's")
  }

  /// The values of its configurations, with the schedule that it draws with, not the one that it was trained with.
  var upstream: ModelDescription {
    var defaults = commonUpstream()
    let configuration = unet.architecture.configuration
    // All of them have attention at 16 × 16.
    if let factor = configuration.attentionResolutions.min() { defaults.imageSize = 16 * factor }
    defaults.numHeadChannels = 32
    defaults.useNewAttentionOrder = false
    defaults.conditionFirst = true
    defaults.conditioning = LevelConditioning.alphasCumprod.rawValue
    (defaults.betaStart, defaults.betaEnd) = (1e-4, 0.09)
    defaults.rescaleTimesteps = false
    defaults.sigmaSmall = true
    return defaults
  }
}
