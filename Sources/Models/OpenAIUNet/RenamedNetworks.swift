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

/// A family whose files have this UNet's tensors under names of their own.
protocol RenamedUNetFamily: UNetFamily {
  init(unet: UNetCheckpoint)

  /// Whether its networks may draw from images.
  static var takesCondition: Bool { get }

  /// The checkpoint under the original's names; nil if its own are not there.
  ///
  /// - Throws: `ModelError` for a network that has such names, but cannot be drawn from.
  static func renamed(_ contents: CheckpointContents) throws(ModelError) -> FamilyCheckpoint?
}

extension RenamedUNetFamily {
  static var takesCondition: Bool { false }

  /// See `ModelFamily`. Recognises its own names, and files of the original's that say that they are of this family.
  public static func recognize(
    _ contents: CheckpointContents, _ stated: StatedSettings
  ) throws(ModelError) -> Self? {
    let unet =
      if let checkpoint = try renamed(contents) {
        try UNetCheckpoint(checkpoint, among: [], takesCondition: takesCondition)
      } else {
        try UNetCheckpoint(described: name, contents, takesCondition: takesCondition)
      }
    return unet.map { Self(unet: $0) }
  }
}
