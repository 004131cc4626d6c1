import DiffusionCheckpoints
import TensorCore

/// ε of an autoencoder's normalisations.
private let epsilon = 1e-6

/// A residual block without the embedding of a timestep (He et al. 2016).
struct AutoencoderResnet: Sendable {
  private let norm1: GroupNormalization
  private let conv1: Convolution
  private let norm2: GroupNormalization
  private let conv2: Convolution
  private let shortcut: Linear?

  /// The block under `weights`.
  init(
    _ weights: Weights, _ inChannels: Int, _ outChannels: Int, groups: Int
  ) throws(CheckpointError) {
    norm1 = try GroupNormalization(weights.scope("norm1"), inChannels, groups: groups, epsilon: epsilon)
    conv1 = try Convolution(weights.scope("conv1"), inChannels, outChannels, kernel: 3)
    norm2 = try GroupNormalization(weights.scope("norm2"), outChannels, groups: groups, epsilon: epsilon)
    conv2 = try Convolution(weights.scope("conv2"), outChannels, outChannels, kernel: 3)
    shortcut =
      inChannels == outChannels
      ? nil : try Linear(weights.scope("conv_shortcut"), inChannels, outChannels, kernelDims: 2)
  }

  /// `[N, H, W, inChannels]` → `[N, H, W, outChannels]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let h = conv1(norm1(FusedInput(x), silu: true))
    return conv2(norm2(FusedInput(h), silu: true), adding: shortcut?(FusedInput(x)) ?? x)
  }

  func countFlops(_ size: inout [Int]) -> Flops {
    var flops = conv1.countFlops(&size)
    flops += conv2.countFlops(&size)
    if let shortcut { flops += shortcut.flops(pixels: size.reduce(1, *)) }
    return flops
  }
}

/// The blocks at the lowest resolution: residual, attention with one head, residual.
struct AutoencoderMiddle: Sendable {
  private let first: AutoencoderResnet
  private let attention: NCSNppAttention?
  private let second: AutoencoderResnet

  /// The blocks under `weights`, a part of a file whose attention may have the names of before diffusers 0.15.
  init(_ weights: Weights, _ shape: AutoencoderShape, usesOldNames: Bool) throws(CheckpointError) {
    let channels = shape.widths[shape.widths.count - 1]
    var conventions = NCSNppConventions()
    (conventions.rescalesSkips, conventions.epsilon) = (false, epsilon)
    first = try AutoencoderResnet(weights.scope("resnets.0"), channels, channels, groups: shape.groups)
    attention =
      shape.hasMiddleAttention
      ? try NCSNppAttention(
        diffusers: weights.scope("attentions.0"), conventions, channels: channels, groups: shape.groups,
        usesOldNames: usesOldNames) : nil
    second = try AutoencoderResnet(weights.scope("resnets.1"), channels, channels, groups: shape.groups)
  }

  /// `[N, H, W, C]` → `[N, H, W, C]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let h = first(x)
    return second(attention?(h) ?? h)
  }

  func countFlops(_ size: inout [Int]) -> Flops {
    var flops = first.countFlops(&size)
    if let attention { flops += attention.countFlops(positions: size.reduce(1, *)) }
    flops += second.countFlops(&size)
    return flops
  }
}

/// The blocks of one resolution, and the convolution to the next one, if there is one.
struct AutoencoderLevel: Sendable {
  private let blocks: [AutoencoderResnet]
  private let resampling: Convolution?
  private let ascends: Bool

  /// The level under `weights`: `resnets`, and `downsamplers` or `upsamplers`.
  ///
  /// - Parameters:
  ///   - weights: the level's scope.
  ///   - shape: the network's shape.
  ///   - inChannels: the channels that it takes.
  ///   - outChannels: the channels that it puts out.
  ///   - ascends: whether it belongs to the decoder.
  ///   - isLast: whether no other level follows.
  init(
    _ weights: Weights, _ shape: AutoencoderShape, _ inChannels: Int, _ outChannels: Int, ascends: Bool, isLast: Bool
  ) throws(CheckpointError) {
    self.ascends = ascends
    var blocks: [AutoencoderResnet] = []
    for j in 0..<(ascends ? shape.layers + 1 : shape.layers) {
      blocks.append(
        try AutoencoderResnet(
          weights.scope("resnets.\(j)"), j == 0 ? inChannels : outChannels, outChannels, groups: shape.groups))
    }
    self.blocks = blocks
    if isLast {
      resampling = nil
    } else if ascends {
      resampling = try Convolution(weights.scope("upsamplers.0.conv"), outChannels, outChannels, kernel: 3)
    } else {
      resampling = try Convolution(
        weights.scope("downsamplers.0.conv"), outChannels, outChannels, kernel: 3, stride: 2, padding: .end)
    }
  }

  /// `[N, H, W, inChannels]` → `[N, H', W', outChannels]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let h = blocks.reduce(x) { $1($0) }
    guard let resampling else { return h }
    return resampling(ascends ? FusedInput(h).upsampledNearest() : FusedInput(h))
  }

  func countFlops(_ size: inout [Int]) -> Flops {
    var flops = blocks.reduce(into: Flops()) { $0 += $1.countFlops(&size) }
    guard let resampling else { return flops }
    if ascends { size = Resampling.up.size(size) }
    flops += resampling.countFlops(&size)
    return flops
  }
}

/// The last layers of encoder and decoder: normalisation, SiLU, convolution.
struct AutoencoderHead: Sendable {
  private let norm: GroupNormalization
  private let convolution: Convolution

  init(_ weights: Weights, _ inChannels: Int, _ outChannels: Int, groups: Int) throws(CheckpointError) {
    norm = try GroupNormalization(weights.scope("conv_norm_out"), inChannels, groups: groups, epsilon: epsilon)
    convolution = try Convolution(weights.scope("conv_out"), inChannels, outChannels, kernel: 3)
  }

  /// `[N, H, W, inChannels]` → `[N, H, W, outChannels]`.
  func callAsFunction(_ x: Tensor) -> Tensor { convolution(norm(FusedInput(x), silu: true)) }

  func countFlops(_ size: inout [Int]) -> Flops { convolution.countFlops(&size) }
}
