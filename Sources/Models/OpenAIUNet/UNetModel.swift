import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The UNet of improved-diffusion (Nichol & Dhariwal 2021) and guided-diffusion (Dhariwal & Nichol 2021). The first
/// half downsamples level by level. After the middle block, the second half upsamples again, and each of its blocks
/// also takes the output of a block of the first half at the same resolution.
///
/// Names and structure follow the original's `unet.py`, so a tensor's name in a checkpoint says where it is used.
public struct UNetModel: Sendable {
  /// The shape of the network.
  public private(set) var configuration: UNetConfiguration

  let timeEmbed: TimeEmbed
  /// The class embeddings, `[classes, timeEmbedDim]`; nil for an unconditional model.
  let labelEmb: Embedding?
  private(set) var inputBlocks: [TimestepEmbedSequential]
  private(set) var middleBlock: TimestepEmbedSequential
  private(set) var outputBlocks: [TimestepEmbedSequential]
  let out0: GroupNormalization
  let out2: Convolution

  /// Builds the network from named tensors. The configuration must be valid (`UNetConfiguration.validate()`).
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or its shape does not match the configuration.
  public init(_ configuration: UNetConfiguration, _ weights: Weights) throws(CheckpointError) {
    self.configuration = configuration
    timeEmbed = try TimeEmbed(weights, configuration: configuration)
    if let classes = configuration.numClasses {
      labelEmb = Embedding(
        weight: try weights.scope("label_emb").parameter(
          "weight", [classes, configuration.timeEmbedDim], .normal(standardDeviation: 1)))
    } else {
      labelEmb = nil
    }

    var builder = try UNetBuilder(configuration, weights)
    for level in configuration.channelMult.indices { try builder.descend(level) }
    middleBlock = try builder.middle()
    for level in configuration.channelMult.indices.reversed() { try builder.ascend(level) }
    inputBlocks = builder.inputBlocks
    outputBlocks = builder.outputBlocks

    out0 = try GroupNormalization(weights.scope("out.0"), configuration: configuration, builder.channels)
    out2 = try Convolution(
      weights.scope("out.2"), configuration: configuration, level: 0, inChannels: builder.channels,
      outChannels: configuration.outChannels, kernel: 3, zero: true)
  }

  /// Predicts what the model was trained to predict for noisy images (the noise, or the image).
  ///
  /// - Parameters:
  ///   - x: noisy images, `[N, C, H, W]` (or `[N, C, L]`, `[N, C, D, H, W]`), each side a multiple of `sizeMultiple`.
  ///   - timesteps: `[N]`, on the scale that the model was trained with; may be fractional.
  ///   - labels: the class labels, `[N]`, if and only if the model is class-conditional.
  ///   - onBlock: called with the name of each block (`input_blocks.3`) and its output, channels last.
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

  /// Projects the embeddings of timesteps, and of class labels if the model has them, for all blocks; both `[N]`. Many
  /// steps at once take hardly longer than one, because reading the weights dominates.
  public func project(
    timesteps: [Float], labels: [Int]? = nil, onBlock: (String, Tensor) -> Void = { _, _ in }
  ) -> EmbeddingProjections {
    var emb = timeEmbed(timesteps)
    onBlock("time_embed", emb)
    if let classEmbedding = classEmbedding(of: labels, batch: timesteps.count) { emb = emb + classEmbedding }
    return EmbeddingProjections(blocks: (inputBlocks + [middleBlock] + outputBlocks).map { $0.project(emb) })
  }

  /// The prediction for images whose embeddings are already projected.
  public func callAsFunction(
    _ x: Tensor, _ projections: EmbeddingProjections, onBlock: (String, Tensor) -> Void = { _, _ in }
  ) -> Tensor {
    var projections = projections.blocks[...]
    var h = x.channelsLast()
    var skips: [Tensor] = []
    for (i, block) in inputBlocks.enumerated() {
      h = block(FusedInput(h), projections.removeFirst())
      skips.append(h)
      onBlock("input_blocks.\(i)", h)
    }
    h = middleBlock(FusedInput(h), projections.removeFirst())
    onBlock("middle_block", h)
    for (i, block) in outputBlocks.enumerated() {
      h = block(FusedInput(h, joining: skips.removeLast()), projections.removeFirst())
      onBlock("output_blocks.\(i)", h)
    }
    h = out2(out0(FusedInput(h), silu: true))
    onBlock("out", h)
    return h.channelsFirst()
  }

  /// The same network with other attention heads or another order of queries, keys and values; the weights are shared.
  public func withAttention(
    numHeads: Int, numHeadChannels: Int?, numHeadsUpsample: Int?, order: QKVOrder
  ) -> UNetModel {
    var copy = self
    copy.configuration.numHeads = numHeads
    copy.configuration.numHeadChannels = numHeadChannels
    copy.configuration.numHeadsUpsample = numHeadsUpsample
    copy.configuration.attentionOrder = order
    let configuration = copy.configuration
    copy.inputBlocks = inputBlocks.map { $0.withAttention(configuration, ascending: false) }
    copy.middleBlock = middleBlock.withAttention(configuration, ascending: false)
    copy.outputBlocks = outputBlocks.map { $0.withAttention(configuration, ascending: true) }
    return copy
  }

  private func classEmbedding(of labels: [Int]?, batch: Int) -> Tensor? {
    precondition(
      (labels == nil) == (labelEmb == nil),
      labelEmb == nil
        ? "the model has no classes, but labels are given" : "the model has classes, but no labels are given")
    guard let labels, let labelEmb else { return nil }
    precondition(labels.count == batch, "\(labels.count) labels for \(batch) pictures")
    return labelEmb(labels)
  }
}
