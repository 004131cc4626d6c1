import TensorCore

/// The networks of openai/improved-diffusion (Nichol & Dhariwal 2021): denoisers and super-resolution models.
public struct ImprovedDiffusion: UNetFamily {
  /// See `ModelFamily`.
  public static let name = "improved-diffusion"

  let unet: UNetCheckpoint

  /// See `ModelFamily`. Recognises a description that names improved-diffusion, or no family.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> ImprovedDiffusion? {
    guard let unet = try UNetCheckpoint(FamilyCheckpoint(besideProcess: contents), among: PublishedModel.openAI) else {
      return nil
    }
    return unet.isNamed(name) ?? true ? ImprovedDiffusion(unet: unet) : nil
  }

  var upstream: ModelDescription {
    var defaults = commonUpstream()
    setOpenAIHeads(&defaults)
    // Models described as improved-diffusion's have no other order.
    if checkpoint.described?.description.family == nil { defaults.useNewAttentionOrder = false }
    defaults.rescaleTimesteps = true
    return defaults
  }
}
