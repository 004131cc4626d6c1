import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The `Unet` of denoising-diffusion-pytorch. Each level has two residual blocks, attention and a layer that leads to
/// the next; on the way up both blocks also take what a block on the way down gave.
struct LucidrainsUnet: Sendable {
  /// What all of its layers depend on.
  struct Form: Sendable {
    let shape: LucidrainsShape
    let settings: LucidrainsSettings
    /// The width of the embedding that blocks take.
    var embeddingWidth: Int { (shape.hasClasses ? 8 : 4) * shape.dim }
  }

  private struct Level: Sendable {
    let block1: LucidrainsResnetBlock
    let block2: LucidrainsResnetBlock
    let attention: LucidrainsAttention
    let resample: Convolution
    /// Whether pixels are doubled before `resample`.
    let isUp: Bool
  }

  private let form: Form
  private let initConv: RowConvolution
  private let timeEmbedding: LucidrainsTimeEmbedding
  private let classEmbedding: LucidrainsClassEmbedding?
  private let downs: [Level]
  private let middle: (LucidrainsResnetBlock, LucidrainsAttention, LucidrainsResnetBlock)
  private let ups: [Level]
  private let finalBlock: LucidrainsResnetBlock
  private let finalConv: Linear

  /// Builds the network. The settings must be valid for the shape.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(_ shape: LucidrainsShape, _ settings: LucidrainsSettings, _ weights: Weights) throws(CheckpointError) {
    let form = Form(shape: shape, settings: settings)
    self.form = form
    let widths = shape.widths
    let inChannels = (shape.takesSelfCondition ? 2 : 1) * shape.imageChannels
    let first = weights.scope("init_conv")
    let bound = Initializer.uniform(bound: 1 / Float(49 * inChannels).squareRoot())
    initConv = RowConvolution(
      weight: try first.parameter("weight", [widths[0], inChannels, 7, 7], bound),
      bias: try first.parameter("bias", [widths[0]], bound))
    timeEmbedding = try LucidrainsTimeEmbedding(weights, shape, theta: settings.theta)
    classEmbedding = try shape.classes.map { classes throws(CheckpointError) in
      try LucidrainsClassEmbedding(weights, classes: classes, dim: shape.dim)
    }
    var (downs, ups): ([Level], [Level]) = ([], [])
    for level in 0..<shape.levels {
      let (inner, outer) = (widths[level], widths[level + 1])
      let scope = weights.scope("downs.\(level)")
      downs.append(
        Level(
          block1: try LucidrainsResnetBlock(scope.scope("0"), inner, inner, form),
          block2: try LucidrainsResnetBlock(scope.scope("1"), inner, inner, form),
          attention: try LucidrainsAttention(weights, shape.down[level], channels: inner, form),
          resample: try Self.downsample(scope.scope("3"), inner, outer, shape, isLast: level == shape.levels - 1),
          isUp: false))
    }
    self.downs = downs
    let deepest = widths[shape.levels]
    middle = (
      try LucidrainsResnetBlock(weights.scope("mid_block1"), deepest, deepest, form),
      try LucidrainsAttention(weights, shape.middle, channels: deepest, form, isMiddle: true),
      try LucidrainsResnetBlock(weights.scope("mid_block2"), deepest, deepest, form)
    )
    for step in 0..<shape.levels {
      let level = shape.levels - 1 - step
      let (inner, outer) = (widths[level], widths[level + 1])
      let scope = weights.scope("ups.\(step)")
      let isUp = level > 0
      ups.append(
        Level(
          block1: try LucidrainsResnetBlock(scope.scope("0"), outer + inner, outer, form),
          block2: try LucidrainsResnetBlock(scope.scope("1"), outer + inner, outer, form),
          attention: try LucidrainsAttention(weights, shape.up[step], channels: outer, form),
          resample: try Convolution(scope.scope(isUp ? "3.1" : "3"), outer, inner, kernel: 3), isUp: isUp))
    }
    self.ups = ups
    finalBlock = try LucidrainsResnetBlock(weights.scope("final_res_block"), 2 * widths[0], widths[0], form)
    finalConv = try Linear(weights.scope("final_conv"), widths[0], shape.outChannels, kernelDims: 2)
  }

  /// The layer behind a level: 3×3 in the last, otherwise to half the size, by 4×4, or by 1×1 of each 2×2 pixels, which
  /// is 2×2.
  private static func downsample(
    _ weights: Weights, _ inChannels: Int, _ outChannels: Int, _ shape: LucidrainsShape, isLast: Bool
  ) throws(CheckpointError) -> Convolution {
    if isLast { return try Convolution(weights, inChannels, outChannels, kernel: 3) }
    guard shape.unshuffles else {
      return try Convolution(weights, inChannels, outChannels, kernel: 4, stride: 2, padding: .each(1))
    }
    let weights = weights.scope("1")
    let bound = Initializer.uniform(bound: 1 / Float(4 * inChannels).squareRoot())
    let weight = try weights.parameter("weight", [outChannels, 4 * inChannels, 1, 1], bound)
    let square = [outChannels, inChannels, 2, 2]
    return Convolution(
      weight: Parameter(square) { weight.tensor().reshaped(square) },
      bias: try weights.parameter("bias", [outChannels], bound), stride: [2, 2], padding: .each(0))
  }
}

extension LucidrainsUnet: DenoisingNetwork {
  /// See `DenoisingNetwork`.
  func callAsFunction(_ x: Tensor, _ inputs: NetworkInputs) -> Tensor {
    var x = x
    if form.shape.takesSelfCondition {
      x = (inputs.selfCondition ?? Tensor(zeros: x.shape)).joiningChannels(x)
    }
    precondition(
      (inputs.labels == nil) == (classEmbedding == nil), "labels are for networks with classes, and these need them")
    var embedding = timeEmbedding(inputs.conditioning)
    if let classEmbedding, let labels = inputs.labels {
      embedding = embedding.joiningColumns(classEmbedding(labels))
    }
    embedding = embedding.silu()
    var h = initConv(x.channelsLast())
    let first = h
    var skips: [Tensor] = []
    for level in downs {
      h = level.block1(FusedInput(h), embedding)
      skips.append(h)
      h = level.attention(level.block2(FusedInput(h), embedding))
      skips.append(h)
      h = level.resample(h)
    }
    h = middle.2(FusedInput(middle.1(middle.0(FusedInput(h), embedding))), embedding)
    for level in ups {
      h = level.block1(FusedInput(h, joining: skips.removeLast()), embedding)
      h = level.attention(level.block2(FusedInput(h, joining: skips.removeLast()), embedding))
      h = level.resample(level.isUp ? FusedInput(h).upsampledNearest() : FusedInput(h))
    }
    return finalConv(finalBlock(FusedInput(h, joining: first), embedding)).channelsFirst()
  }

  /// See `DenoisingNetwork`.
  func countFlops(batch: Int, size: [Int]) -> Flops {
    let pixels = size.reduce(1, *)
    var flops = Flops(total: pixels * initConv.inChannels * initConv.outChannels * initConv.kernel * initConv.kernel)
    flops += timeEmbedding.flops
    if let classEmbedding { flops += classEmbedding.flops }
    for count in levelFlops(size) { flops += count }
    flops += finalBlock.flops(pixels)
    flops += finalConv.flops(pixels: pixels)
    return flops * batch
  }

  /// See `DenoisingNetwork`.
  var sizeMultiple: Int { form.shape.sizeMultiple }

  /// See `DenoisingNetwork`. Counts the first level, which has the most activations.
  func activationBytes(size: [Int]) -> Int {
    size.reduce(1, *) * (14 * form.shape.widths[0] + 3 * (form.shape.attentions.first?.width ?? 0)) * 4
  }

  /// The multiply-adds of each level for one picture; the lowest has the middle.
  func multiplyAddsOfLevels(_ size: [Int]) -> [Int] { levelFlops(size).map(\.total) }

  private func levelFlops(_ size: [Int]) -> [Flops] {
    var counts = downs.indices.map { number in
      let pixels = size.reduce(1, *) >> (2 * number)
      let isLast = number == downs.count - 1
      var count = flops(downs[number], pixels, resampled: isLast ? pixels : pixels / 4)
      let up = ups[ups.count - 1 - number]
      count += flops(up, pixels, resampled: up.isUp ? 4 * pixels : pixels)
      return count
    }
    let deepest = size.reduce(1, *) >> (2 * (downs.count - 1))
    counts[counts.count - 1] += middle.0.flops(deepest)
    counts[counts.count - 1] += middle.1.flops(deepest)
    counts[counts.count - 1] += middle.2.flops(deepest)
    return counts
  }

  /// The multiply-adds of a level of `pixels` pixels, which leads to one of `resampled`.
  private func flops(_ level: Level, _ pixels: Int, resampled: Int) -> Flops {
    var flops = level.block1.flops(pixels)
    flops += level.block2.flops(pixels)
    flops += level.attention.flops(pixels)
    let layer = level.resample
    flops += Flops(total: resampled * layer.inChannels * layer.outChannels * layer.kernel.reduce(1, *))
    return flops
  }
}
