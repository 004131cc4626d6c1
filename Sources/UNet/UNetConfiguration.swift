/// The arguments of the original's `UNetModel` that decide its shape.
public struct UNetConfiguration: Sendable, Equatable {
  /// Channels of the pictures it takes: 1 for grey, 3 for RGB.
  public var inChannels: Int
  /// The width of the first level.
  public var modelChannels: Int
  /// Channels it puts out: as many as it takes, or twice that if it also predicts the variance.
  public var outChannels: Int
  /// Residual blocks per level of the descending half; the ascending half has one more.
  public var numResBlocks: Int
  /// The downsampling factors (1, 2, 4, …) at which attention follows each residual block.
  public var attentionResolutions: Set<Int>
  /// The width of each level in multiples of `modelChannels`; each level has half the resolution of the one before.
  public var channelMult: [Int]
  /// Whether resampling learns a convolution.
  public var convResample = true
  /// The side of the pictures it will be used for, if that is known: layers prepare for their part of it. Results do not
  /// depend on it.
  public var imageSize: Int?
  /// Spatial dimensions: 1, 2 or 3.
  public var dims = 2
  /// The number of classes of a class-conditional model.
  public var numClasses: Int?
  /// Attention heads of the descending half and the middle.
  public var numHeads = 1
  /// Attention heads of the ascending half, if others.
  public var numHeadsUpsample: Int?
  /// Whether the timestep embedding scales and shifts the second normalisation of a residual block, rather than being
  /// added before it.
  public var useScaleShiftNorm = false

  /// A configuration with the original's defaults for what is not given.
  public init(
    inChannels: Int, modelChannels: Int, outChannels: Int, numResBlocks: Int, attentionResolutions: Set<Int>,
    channelMult: [Int]
  ) {
    self.inChannels = inChannels
    self.modelChannels = modelChannels
    self.outChannels = outChannels
    self.numResBlocks = numResBlocks
    self.attentionResolutions = attentionResolutions
    self.channelMult = channelMult
  }

  /// The width of the timestep embedding after `time_embed`.
  public var timeEmbedDim: Int { modelChannels * 4 }

  /// What the sides of a picture must be a multiple of, so that each level halves them exactly.
  public var sizeMultiple: Int { 1 << (channelMult.count - 1) }
}

/// Why no UNet can be built from a configuration.
public enum ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// A number that must lie within a range does not.
  case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
  /// A level's channels are not a multiple of the 32 groups of its normalisation.
  case notGroups(channels: Int)
  /// A level's channels are not a multiple of the attention heads.
  case notHeads(channels: Int, heads: Int)
  /// There is no level.
  case noLevels

  /// One sentence that says what is wrong and what to change.
  public var description: String {
    switch self {
    case .outOfRange(let name, let value, let allowed):
      "\(name) is \(value), but must lie within \(allowed.lowerBound)…\(allowed.upperBound)"
    case .notGroups(let channels):
      "a level would have \(channels) channels, but normalisation needs a multiple of 32: change num_channels or channel_mult"
    case .notHeads(let channels, let heads):
      "a level's \(channels) channels cannot be shared by \(heads) attention heads: change num_heads"
    case .noLevels: "channel_mult is empty: give one multiplier per level, for instance 1,2,2,2"
    }
  }
}

extension UNetConfiguration {
  /// Checks that a network can have this shape, since a configuration may come from a file or from flags.
  ///
  /// - Throws: `ConfigurationError` for the first thing that is wrong.
  public func validate() throws(ConfigurationError) {
    func check(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>) throws(ConfigurationError) {
      if !allowed.contains(value) { throw .outOfRange(name: name, value: value, allowed: allowed) }
    }
    try check("in_channels", inChannels, 1...4096)
    try check("out_channels", outChannels, 1...8192)
    try check("num_channels", modelChannels, 1...65536)
    try check("num_res_blocks", numResBlocks, 1...1024)
    try check("dims", dims, 1...3)
    try check("num_heads", numHeads, 1...4096)
    if let numHeadsUpsample { try check("num_heads_upsample", numHeadsUpsample, 1...4096) }
    if let numClasses { try check("num_classes", numClasses, 1...10_000_000) }
    if channelMult.isEmpty { throw .noLevels }
    try check("the number of levels", channelMult.count, 1...16)
    for mult in channelMult {
      try check("a channel multiplier", mult, 1...1024)
      let channels = mult * modelChannels
      if channels % 32 != 0 || modelChannels % 32 != 0 { throw .notGroups(channels: channels) }
    }
    for (level, mult) in channelMult.enumerated() {
      let isMiddle = level == channelMult.count - 1
      let hasAttention = attentionResolutions.contains(1 << level)
      let heads = (isMiddle || hasAttention ? [numHeads] : []) + (hasAttention ? [numHeadsUpsample ?? numHeads] : [])
      for heads in heads where mult * modelChannels % heads != 0 {
        throw .notHeads(channels: mult * modelChannels, heads: heads)
      }
    }
  }
}
