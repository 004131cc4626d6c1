import DiffusionCheckpoints
import TensorCore

/// Builds the blocks of a UNet in order, tracking the current channels and the skip connections' channels.
struct UNetBuilder {
  let configuration: UNetConfiguration
  let weights: Weights
  private(set) var channels: Int
  private var skipChannels: [Int]
  private(set) var inputBlocks: [TimestepEmbedSequential]
  private(set) var outputBlocks: [TimestepEmbedSequential] = []

  private var lastLevel: Int { configuration.channelMult.count - 1 }

  init(_ configuration: UNetConfiguration, _ weights: Weights) throws(CheckpointError) {
    self.configuration = configuration
    self.weights = weights
    channels = configuration.width(0)
    skipChannels = [channels]
    let first = try Convolution(
      weights.scope("input_blocks.0.0"), configuration: configuration, level: 0, inChannels: configuration.inChannels,
      outChannels: channels, kernel: 3)
    inputBlocks = [TimestepEmbedSequential([.layer(first)])]
  }

  /// Adds the blocks of a level of the downsampling half, and the step down to the next level.
  mutating func descend(_ level: Int) throws(CheckpointError) {
    for _ in 0..<configuration.numResBlocks {
      let scope = weights.scope("input_blocks.\(inputBlocks.count)")
      let children = try resBlockAndAttention(scope, inChannels: channels, level: level, ascending: false)
      addInputBlock(children)
    }
    if level < lastLevel {
      let scope = weights.scope("input_blocks.\(inputBlocks.count).0")
      addInputBlock([
        configuration.resblockUpdown
          ? .timestepBlock(try resBlock(scope, level: level + 1, resampling: .down))
          : .layer(try Downsample(scope, configuration: configuration, level: level + 1, channels: channels))
      ])
    }
  }

  private mutating func addInputBlock(_ children: [TimestepEmbedSequential.Child]) {
    inputBlocks.append(TimestepEmbedSequential(children))
    skipChannels.append(channels)
  }

  /// The block between the two halves.
  func middle() throws(CheckpointError) -> TimestepEmbedSequential {
    let scope = weights.scope("middle_block")
    return TimestepEmbedSequential([
      .timestepBlock(try resBlock(scope.scope("0"), level: lastLevel)),
      .attention(
        try AttentionBlock(
          scope.scope("1"), configuration: configuration, channels: channels,
          heads: configuration.heads(channels: channels), normalized: configuration.middleAttentionNorm)),
      .timestepBlock(try resBlock(scope.scope("2"), level: lastLevel)),
    ])
  }

  /// Adds the blocks of a level of the upsampling half, the last of which steps up to the next level.
  mutating func ascend(_ level: Int) throws(CheckpointError) {
    for i in 0...configuration.numResBlocks {
      let scope = weights.scope("output_blocks.\(outputBlocks.count)")
      var children = try resBlockAndAttention(
        scope, inChannels: channels + skipChannels.removeLast(), level: level, ascending: true)
      if level > 0 && i == configuration.numResBlocks {
        let last = scope.scope("\(children.count)")
        children.append(
          configuration.resblockUpdown
            ? .timestepBlock(try resBlock(last, level: level - 1, resampling: .up))
            : .layer(try Upsample(last, configuration: configuration, level: level - 1, channels: channels)))
      }
      outputBlocks.append(TimestepEmbedSequential(children))
    }
  }

  private mutating func resBlockAndAttention(
    _ scope: Weights, inChannels: Int, level: Int, ascending: Bool
  ) throws(CheckpointError) -> [TimestepEmbedSequential.Child] {
    channels = configuration.width(level)
    var children: [TimestepEmbedSequential.Child] = [
      .timestepBlock(
        try ResBlock(
          scope.scope("0"), configuration: configuration, level: level, channels: inChannels, outChannels: channels))
    ]
    if configuration.hasAttention(level) {
      children.append(
        .attention(
          try AttentionBlock(
            scope.scope("1"), configuration: configuration, channels: channels,
            heads: configuration.heads(channels: channels, ascending: ascending))))
    }
    return children
  }

  /// A residual block that keeps the number of channels.
  private func resBlock(
    _ scope: Weights, level: Int, resampling: Resampling = .none
  ) throws(CheckpointError) -> ResBlock {
    try ResBlock(
      scope, configuration: configuration, level: level, channels: channels, outChannels: channels,
      resampling: resampling)
  }
}
