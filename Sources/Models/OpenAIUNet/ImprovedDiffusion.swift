import TensorCore

/// The networks of openai/improved-diffusion (Nichol & Dhariwal 2021): denoisers and super-resolution models.
public struct ImprovedDiffusion: UNetFamily {
  /// See `ModelFamily`.
  public static let name = "improved-diffusion"
  static let conventions = SamplingConventions()

  let unet: UNetCheckpoint

  /// See `ModelFamily`: what says that it is improved-diffusion's, or says nothing.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> ImprovedDiffusion? {
    guard let unet = try UNetCheckpoint(FamilyCheckpoint(contents), among: PublishedModel.openAI) else { return nil }
    return unet.isNamed(name) ?? true ? ImprovedDiffusion(unet: unet) : nil
  }

  var upstream: ModelDescription {
    var defaults = commonUpstream()
    setOpenAIHeads(&defaults)
    // Models that are known to be improved-diffusion's have no other order.
    if checkpoint.described?.description.family == nil { defaults.useNewAttentionOrder = false }
    defaults.rescaleTimesteps = true
    return defaults
  }
}
