import DiffusionCheckpoints

// What code bases that have this UNet under other names have in common.

extension ModelDescription {
  /// One attention head, with queries, keys and values as separate layers.
  static let oneHead: ModelDescription = {
    var description = ModelDescription()
    (description.numHeads, description.useNewAttentionOrder) = (1, true)
    return description
  }()

  /// The settings that code bases in the line of Ho et al. 2020 have in common: sines before cosines, ε on a linear
  /// schedule, no clipping.
  mutating func setHoDefaults(_ configuration: UNetConfiguration) {
    flipSinToCos = false
    normNumGroups = 32
    (betaStart, betaEnd) = (1e-4, 0.02)
    rescaleTimesteps = false
    clipDenoised = false
    // All of their configurations have attention at 16 × 16.
    if let factor = configuration.attentionResolutions.min() { imageSize = 16 * factor }
  }
}

extension SamplingConventions {
  /// Those of code bases whose DDIM takes the network's own ε.
  static let networksEpsilon: SamplingConventions = {
    var conventions = SamplingConventions()
    conventions.keepsEpsilon = true
    return conventions
  }()
}

extension UNetCheckpoint {
  /// A checkpoint under the original's names whose description names `family`, as `convert` writes it; nil for any
  /// other.
  init?(
    described family: String, _ contents: CheckpointContents, takesCondition: Bool = false
  ) throws(ModelError) {
    guard contents.described?.description.family == family else { return nil }
    try self.init(FamilyCheckpoint(contents), among: [], takesCondition: takesCondition)
  }
}
