import TensorCore

/// An error in a UNet configuration.
public enum ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// A number is out of range.
  case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
  /// A multiplier is not above 0 and at most 1024.
  case multiplier(Double)
  /// An ε is not between 0 and 1.
  case epsilon(Double)
  /// A level's channels are not a multiple of the normalisation groups.
  case notGroups(channels: Int, multipleOf: Int)
  /// A level's channels are not a multiple of 16, which gradients need.
  case notBlocks(channels: Int)
  /// A level's channels are not a multiple of the number of attention heads.
  case notHeads(channels: Int, heads: Int)
  /// A level's channels are not a multiple of the channels of an attention head.
  case notHeadChannels(channels: Int, headChannels: Int)
  /// There are no levels.
  case noLevels

  /// One sentence that says what is wrong and what to change.
  public var description: String {
    switch self {
    case .outOfRange(let name, let value, let allowed):
      "\(name) is \(value), but must lie within \(allowed.lowerBound)…\(allowed.upperBound)"
    case .multiplier(let value):
      "channel_mult has \(value), but a multiplier is a number above 0, at most 1024"
    case .epsilon(let value): "norm_eps is \(value), but lies between 0 and 1"
    case .notGroups(let channels, let multiple):
      """
      a level would have \(channels) channels, but normalisation needs a multiple of \(multiple): \
      change num_channels or channel_mult
      """
    case .notBlocks(let channels):
      """
      a level would have \(channels) channels, but gradients, which training and guidance by a classifier take, need a \
      multiple of 16: change num_channels or channel_mult
      """
    case .notHeads(let channels, let heads):
      "a level's \(channels) channels cannot be shared by \(heads) attention heads: change num_heads"
    case .notHeadChannels(let channels, let headChannels):
      """
      a level's \(channels) channels cannot be shared by attention heads of \(headChannels) channels: \
      change num_head_channels
      """
    case .noLevels: "channel_mult is empty: give one multiplier per level, for instance 1,2,2,2"
    }
  }
}

extension UNetConfiguration {
  /// Checks that such a network is possible, because a configuration may come from a file or from flags.
  ///
  /// - Throws: `ConfigurationError` for the first problem found.
  public func validate() throws(ConfigurationError) {
    func check(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>) throws(ConfigurationError) {
      if !allowed.contains(value) { throw .outOfRange(name: name, value: value, allowed: allowed) }
    }
    try check("in_channels", inChannels, 1...8192)
    try check("out_channels", outChannels, 1...10_000_000)
    try check("num_channels", modelChannels, 1...65536)
    try check("num_res_blocks", numResBlocks, 1...1024)
    try check("dims", dims, 1...3)
    try check("num_heads", numHeads, 1...4096)
    if let numHeadsUpsample { try check("num_heads_upsample", numHeadsUpsample, 1...4096) }
    if let numHeadChannels { try check("num_head_channels", numHeadChannels, 1...65536) }
    if let numClasses { try check("num_classes", numClasses, 1...10_000_000) }
    try check("norm_num_groups", normGroups, 1...65536)
    guard normEpsilon > 0 && normEpsilon < 1 else { throw .epsilon(normEpsilon) }
    if channelMult.isEmpty { throw .noLevels }
    try check("the number of levels", channelMult.count, 1...16)
    for (level, mult) in channelMult.enumerated() {
      guard mult > 0 && mult <= 1024 else { throw .multiplier(mult) }
      // Kernels process channels in blocks of 16.
      guard width(level) > 0 && width(level) % normGroups == 0 else {
        throw .notGroups(channels: width(level), multipleOf: normGroups)
      }
      try checkHeads(level)
    }
  }

  /// Checks that gradients of a valid network can be taken: their kernels process channels in blocks of 16.
  ///
  /// - Throws: `ConfigurationError.notBlocks` for the first level of another width.
  public func validateGradients() throws(ConfigurationError) {
    for level in channelMult.indices where width(level) % 16 != 0 { throw .notBlocks(channels: width(level)) }
  }

  private func checkHeads(_ level: Int) throws(ConfigurationError) {
    let channels = width(level)
    guard hasAttention(level) || level == channelMult.count - 1 else { return }
    if let numHeadChannels {
      if channels % numHeadChannels != 0 {
        throw .notHeadChannels(channels: channels, headChannels: numHeadChannels)
      }
    } else {
      for heads in [numHeads] + (hasAttention(level) ? [numHeadsUpsample ?? numHeads] : [])
      where channels % heads != 0 {
        throw .notHeads(channels: channels, heads: heads)
      }
    }
  }
}
