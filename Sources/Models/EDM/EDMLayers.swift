import DiffusionCheckpoints
import DiffusionPlatform
import TensorCore

/// A block of both networks of NVlabs/edm, `UNetBlock`: `x → (skip(x) + conv1(SiLU(norm1(conv0(SiLU(norm0(x))) ⊕
/// emb))))·s`, where conv0 and skip may resample, and attention may follow.
struct EDMBlock: Sendable {
  let shape: EDMShape.Block
  private let usesScaleShift: Bool
  private let skipScale: Float
  private let norm0: GroupNormalization
  private let conv0: Convolution
  private let affine: Linear
  private let norm1: GroupNormalization
  private let conv1: Convolution
  private let skip: Convolution?
  private let attention: EDMAttention?
  private let resampler: EDMResampler

  /// The block of `shape` in a network of another.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(_ weights: Weights, _ shape: EDMShape.Block, in network: EDMShape) throws(CheckpointError) {
    self.shape = shape
    usesScaleShift = network.kind == .dhariwal
    skipScale = network.skipScale
    let weights = weights.scope(shape.name)
    let size = EDMNames.resolution(shape.name).map { $0 * $0 }
    let (inside, outside) = (shape.inChannels, shape.outChannels)
    resampler = EDMResampler(shape.resampling, shape.filter)
    norm0 = try GroupNormalization(weights.scope("norm0"), inside, epsilon: network.kind.epsilon)
    conv0 = try Convolution(weights.scope("conv0"), inside, outside, kernel: 3, outputPixels: size)
    affine = try Linear(
      weights.scope("affine"), network.embeddingChannels, usesScaleShift ? 2 * outside : outside, hasBias: true)
    norm1 = try GroupNormalization(weights.scope("norm1"), outside, epsilon: network.kind.epsilon)
    conv1 = try Convolution(weights.scope("conv1"), outside, outside, kernel: 3, outputPixels: size)
    skip =
      shape.hasSkipConvolution
      ? try Convolution(weights.scope("skip"), inside, outside, kernel: 1, outputPixels: size) : nil
    if !shape.filter.isEmpty {
      for layer in ["conv0", "skip"] { try requestFilter(weights.scope(layer), shape.filter) }
    }
    attention =
      shape.heads > 0
      ? try EDMAttention(
        weights, channels: outside, heads: shape.heads, epsilon: network.kind.epsilon, scale: skipScale) : nil
  }

  /// `[N, H, W, inChannels]` and the embedding `[N, embeddingChannels]` → `[N, H', W', outChannels]`.
  func callAsFunction(_ input: FusedInput, _ emb: Tensor) -> Tensor {
    let projection = affine(emb)
    var h = conv0(resampler(norm0(input, silu: true)))
    if !usesScaleShift { h = h.addingToChannels(projection) }
    let activated = norm1(FusedInput(h), scaleShift: usesScaleShift ? projection : nil, silu: true)
    let x = conv1(activated, adding: residual(input)).scaledUnless1(by: skipScale)
    return attention?(x) ?? x
  }

  private func residual(_ input: FusedInput) -> Tensor {
    // Repeating pixels commutes with a convolution of single pixels, which then has a quarter of the work.
    if resampler.repeatsPixels, let skip { return FusedInput(skip(input)).upsampledNearest().tensor() }
    let x = resampler(input)
    return skip?(x) ?? x.tensor()
  }

  /// The multiply-adds for one picture of spatial size `size`, which is updated to the size of the output.
  func countFlops(_ size: inout [Int]) -> Flops {
    size = shape.resampling.size(size)
    let pixels = size.reduce(1, *)
    var flops = affine.flops(pixels: 1)
    flops += conv0.countFlops(&size)
    flops += conv1.countFlops(&size)
    if let skip { flops += skip.countFlops(&size) }
    if let attention { flops += attention.countFlops(pixels: pixels) }
    return flops
  }
}

/// Self-attention of a block: `x → (x + proj(attention(qkv(norm2(x)))))·s`.
struct EDMAttention: Sendable {
  private let norm2: GroupNormalization
  private let qkv: Linear
  private let attention: QKVAttention
  private let proj: Linear
  private let scale: Float

  init(_ weights: Weights, channels: Int, heads: Int, epsilon: Double, scale: Float) throws(CheckpointError) {
    norm2 = try GroupNormalization(weights.scope("norm2"), channels, epsilon: epsilon)
    let (weight, bias) = (
      try weights.parameter("qkv.weight", [3 * channels, channels, 1, 1], .zeros),
      try weights.parameter("qkv.bias", [3 * channels], .zeros)
    )
    // A head's queries, keys and values take turns: channel 3c + j.
    let depth = channels / heads
    let order = (0..<3 * channels).map { row in
      let (head, within) = row.quotientAndRemainder(dividingBy: 3 * depth)
      let (part, channel) = within.quotientAndRemainder(dividingBy: depth)
      return head * 3 * depth + 3 * channel + part
    }
    qkv = Linear(
      weight: Parameter(weight.shape) { weight.tensor().gatheringRows(order) },
      bias: Parameter(bias.shape) { bias.tensor().gatheringRows(order) })
    attention = QKVAttention(heads: heads, order: .byHead)
    proj = try Linear(weights.scope("proj"), channels, channels, kernelDims: 2, hasBias: true)
    self.scale = scale
  }

  /// `[N, H, W, C]` → `[N, H, W, C]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[3])
    let sequence = x.reshaped([batch, x.shape[1] * x.shape[2], channels])
    let h = attention(qkv(norm2(FusedInput(sequence), silu: false)))
    return proj(FusedInput(h), adding: sequence).scaledUnless1(by: scale).reshaped(x.shape)
  }

  func countFlops(pixels: Int) -> Flops {
    var flops = qkv.flops(pixels: pixels)
    flops += attention.countFlops(positions: pixels, channels: qkv.inFeatures)
    flops += proj.flops(pixels: pixels)
    return flops
  }
}

/// How a layer changes the resolution: with a filter, or by repeating pixels where the filter does no more.
struct EDMResampler: Sendable {
  private let resampling: Resampling
  private let filter: FilteredResampling
  /// Whether it doubles pixels.
  let repeatsPixels: Bool

  init(_ resampling: Resampling, _ filter: [Double]) {
    self.resampling = resampling
    self.filter = FilteredResampling(filter.isEmpty ? [1, 1] : filter)
    if case .up = resampling { repeatsPixels = filter == [0.5, 0.5] } else { repeatsPixels = false }
  }

  /// `[N, H, W, C]` → the same, resampled; lazily if pixels are repeated.
  func callAsFunction(_ x: FusedInput) -> FusedInput {
    switch resampling {
    case .none: x
    case .down: FusedInput(filter.halved(x.tensor()))
    case .up: repeatsPixels ? x.upsampledNearest() : FusedInput(filter.doubled(x.tensor()))
    }
  }
}

/// Notes that the stored filter of a layer, which the network's shape was read with, is used.
func requestFilter(_ weights: Weights, _ filter: [Double]) throws(CheckpointError) {
  _ = try weights.parameter("resample_filter", [1, 1, filter.count, filter.count], .zeros)
}

extension GroupNormalization {
  /// EDM's `GroupNorm(channels, eps: epsilon)` under `weights`.
  init(_ weights: Weights, _ channels: Int, epsilon: Double) throws(CheckpointError) {
    try self.init(weights, channels, groups: EDMShape.groups(channels), epsilon: epsilon)
  }
}

extension Tensor {
  /// Every element times `factor`; itself if that is 1.
  func scaledUnless1(by factor: Float) -> Tensor { factor == 1 ? self : scaled(by: factor) }
}
