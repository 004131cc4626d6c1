import Checkpoint
import TensorCore

/// The UNet of improved-diffusion (Nichol & Dhariwal 2021): a descending half that halves the resolution level by level, a
/// middle, and an ascending half that sees, block by block, what the descending half put out at the same resolution.
///
/// Names and structure are those of the original's `unet.py`, so that a tensor's name in a checkpoint says where it is used.
public struct UNetModel: Sendable {
  /// The shape of the network.
  public let configuration: UNetConfiguration

  let timeEmbed0: Linear
  let timeEmbed2: Linear
  /// `[classes, timeEmbedDim]`, of a class-conditional model.
  let labelEmb: Tensor?
  let inputBlocks: [TimestepEmbedSequential]
  let middleBlock: TimestepEmbedSequential
  let outputBlocks: [TimestepEmbedSequential]
  let out0: GroupNormalization
  let out2: Convolution

  /// Builds the network from named tensors. The configuration must be valid (`UNetConfiguration.validate()`).
  ///
  /// - Throws: `CheckpointError` where a tensor is missing or has another shape than the configuration asks for.
  public init(_ configuration: UNetConfiguration, _ weights: Weights) throws(CheckpointError) {
    self.configuration = configuration
    let (width, embedding) = (configuration.modelChannels, configuration.timeEmbedDim)
    timeEmbed0 = try Linear(weights.scope("time_embed.0"), width, embedding)
    timeEmbed2 = try Linear(weights.scope("time_embed.2"), embedding, embedding)
    if let classes = configuration.numClasses {
      labelEmb = try weights.scope("label_emb").tensor("weight", [classes, embedding], .normal)
    } else {
      labelEmb = nil
    }

    var builder = try Builder(configuration, weights)
    for level in configuration.channelMult.indices { try builder.descend(level) }
    middleBlock = try builder.middle()
    for level in configuration.channelMult.indices.reversed() { try builder.ascend(level) }
    inputBlocks = builder.inputBlocks
    outputBlocks = builder.outputBlocks

    out0 = try GroupNormalization(weights.scope("out.0"), builder.channels)
    out2 = try Convolution(
      weights.scope("out.2"), configuration: configuration, level: 0, inChannels: builder.channels,
      outChannels: configuration.outChannels, kernel: 3, zero: true)
  }

  /// Predicts, for noisy pictures, what the model was trained to predict (the noise, or the picture).
  ///
  /// - Parameters:
  ///   - x: pictures, `[N, C, H, W]` (or `[N, C, L]`, `[N, C, D, H, W]`), each side a multiple of `sizeMultiple`.
  ///   - timesteps: `[N]`, on the scale the model was trained with; may be fractional.
  ///   - labels: `[N]` class numbers, if and only if the model is class-conditional.
  ///   - onBlock: called with the name of each block (`input_blocks.3`) and what it puts out, channels last.
  /// - Returns: `[N, outChannels, H, W]`.
  public func callAsFunction(
    _ x: Tensor, timesteps: [Float], labels: [Int]? = nil, onBlock: (String, Tensor) -> Void = { _, _ in }
  ) -> Tensor {
    precondition(
      x.shape.count == configuration.dims + 2 && x.shape[1] == configuration.inChannels,
      "a UNet of \(configuration.inChannels) channels and \(configuration.dims) dimensions cannot take \(x.shape)")
    precondition(timesteps.count == x.shape[0], "\(timesteps.count) timesteps for \(x.shape[0]) pictures")
    return self(x, project(timesteps: timesteps, labels: labels, onBlock: onBlock), onBlock: onBlock)
  }

  /// What all blocks make of the embeddings of timesteps, and of classes if the model has them; both `[N]`. For many steps at
  /// once this takes hardly longer than for one, since the time goes to reading the weights.
  public func project(
    timesteps: [Float], labels: [Int]? = nil, onBlock: (String, Tensor) -> Void = { _, _ in }
  ) -> EmbeddingProjections {
    var emb = timeEmbed2(timeEmbed0(timestepEmbedding(timesteps, dim: configuration.modelChannels)).silu())
    onBlock("time_embed", emb)
    if let classEmbedding = classEmbedding(of: labels, batch: timesteps.count) { emb = emb + classEmbedding }
    return EmbeddingProjections(blocks: (inputBlocks + [middleBlock] + outputBlocks).map { $0.project(emb) })
  }

  /// The prediction for pictures whose embeddings have been projected.
  public func callAsFunction(
    _ x: Tensor, _ projections: EmbeddingProjections, onBlock: (String, Tensor) -> Void = { _, _ in }
  ) -> Tensor {
    var projections = projections.blocks[...]
    var h = x.channelsLast()
    var skips: [Tensor] = []
    for (i, block) in inputBlocks.enumerated() {
      h = block(LayerInput(h), projections.removeFirst())
      skips.append(h)
      onBlock("input_blocks.\(i)", h)
    }
    h = middleBlock(LayerInput(h), projections.removeFirst())
    onBlock("middle_block", h)
    for (i, block) in outputBlocks.enumerated() {
      h = block(LayerInput(h, joining: skips.removeLast()), projections.removeFirst())
      onBlock("output_blocks.\(i)", h)
    }
    h = out2(out0(LayerInput(h), silu: true))
    onBlock("out", h)
    return h.channelsFirst()
  }

  private func classEmbedding(of labels: [Int]?, batch: Int) -> Tensor? {
    precondition(
      (labels == nil) == (labelEmb == nil),
      labelEmb == nil
        ? "the model has no classes, but labels are given" : "the model has classes, but no labels are given")
    guard let labels, let labelEmb else { return nil }
    precondition(labels.count == batch, "\(labels.count) labels for \(batch) pictures")
    return Tensor.stacked(labels.map { labelEmb.rows($0..<$0 + 1) })
  }
}

/// Builds the blocks in order, remembering the channels so far and those of the skip connections.
private struct Builder {
  let configuration: UNetConfiguration
  let weights: Weights
  var channels: Int
  var skipChannels: [Int]
  var inputBlocks: [TimestepEmbedSequential]
  var outputBlocks: [TimestepEmbedSequential] = []

  init(_ configuration: UNetConfiguration, _ weights: Weights) throws(CheckpointError) {
    self.configuration = configuration
    self.weights = weights
    channels = configuration.modelChannels
    skipChannels = [channels]
    let first = try Convolution(
      weights.scope("input_blocks.0.0"), configuration: configuration, level: 0, inChannels: configuration.inChannels,
      outChannels: channels, kernel: 3)
    inputBlocks = [TimestepEmbedSequential([.layer(first)])]
  }

  mutating func descend(_ level: Int) throws(CheckpointError) {
    for _ in 0..<configuration.numResBlocks {
      let scope = weights.scope("input_blocks.\(inputBlocks.count)")
      let children = try resBlockAndAttention(
        scope, inChannels: channels, level: level, heads: configuration.numHeads)
      addInputBlock(children)
    }
    if level < configuration.channelMult.count - 1 {
      let scope = weights.scope("input_blocks.\(inputBlocks.count).0")
      addInputBlock([.layer(try Downsample(scope, configuration: configuration, level: level + 1, channels: channels))])
    }
  }

  private mutating func addInputBlock(_ children: [TimestepEmbedSequential.Child]) {
    inputBlocks.append(TimestepEmbedSequential(children))
    skipChannels.append(channels)
  }

  func middle() throws(CheckpointError) -> TimestepEmbedSequential {
    let scope = weights.scope("middle_block")
    let level = configuration.channelMult.count - 1
    return TimestepEmbedSequential([
      .timestepBlock(
        try ResBlock(
          scope.scope("0"), configuration: configuration, level: level, channels: channels, outChannels: channels)),
      .layer(try AttentionBlock(scope.scope("1"), channels: channels, heads: configuration.numHeads)),
      .timestepBlock(
        try ResBlock(
          scope.scope("2"), configuration: configuration, level: level, channels: channels, outChannels: channels)),
    ])
  }

  mutating func ascend(_ level: Int) throws(CheckpointError) {
    for i in 0...configuration.numResBlocks {
      let scope = weights.scope("output_blocks.\(outputBlocks.count)")
      var children = try resBlockAndAttention(
        scope, inChannels: channels + skipChannels.removeLast(), level: level,
        heads: configuration.numHeadsUpsample ?? configuration.numHeads)
      if level > 0 && i == configuration.numResBlocks {
        let upsample = try Upsample(
          scope.scope("\(children.count)"), configuration: configuration, level: level - 1, channels: channels)
        children.append(.layer(upsample))
      }
      outputBlocks.append(TimestepEmbedSequential(children))
    }
  }

  private mutating func resBlockAndAttention(
    _ scope: Weights, inChannels: Int, level: Int, heads: Int
  ) throws(CheckpointError) -> [TimestepEmbedSequential.Child] {
    channels = configuration.channelMult[level] * configuration.modelChannels
    var children: [TimestepEmbedSequential.Child] = [
      .timestepBlock(
        try ResBlock(
          scope.scope("0"), configuration: configuration, level: level, channels: inChannels, outChannels: channels))
    ]
    if configuration.attentionResolutions.contains(1 << level) {
      children.append(.layer(try AttentionBlock(scope.scope("1"), channels: channels, heads: heads)))
    }
    return children
  }
}
