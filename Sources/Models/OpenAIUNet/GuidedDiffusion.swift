import DiffusionFiles

/// The networks of openai/guided-diffusion (Dhariwal & Nichol 2021):
/// denoisers, super-resolution models and classifiers.
public struct GuidedDiffusion: UNetFamily {
  /// See `ModelFamily`.
  public static let name = "guided-diffusion"

  let unet: UNetCheckpoint

  /// See `ModelFamily`. Recognises a description that names guided-diffusion, or features that only it has.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> GuidedDiffusion? {
    guard let unet = try UNetCheckpoint(FamilyCheckpoint(besideProcess: contents), among: PublishedModel.openAI) else {
      return nil
    }
    let configuration = unet.architecture.configuration
    let hasItsForm =
      configuration.resblockUpdown || configuration.channelMult.contains { $0 != $0.rounded() }
      || unet.architecture.kind == .classifier || stated.numHeadChannels != nil || stated.useNewAttentionOrder == true
    return unet.isNamed(name) ?? hasItsForm ? GuidedDiffusion(unet: unet) : nil
  }

  var upstream: ModelDescription {
    var defaults = commonUpstream()
    setOpenAIHeads(&defaults)
    defaults.useNewAttentionOrder = false
    defaults.rescaleTimesteps = false
    return defaults
  }
}
