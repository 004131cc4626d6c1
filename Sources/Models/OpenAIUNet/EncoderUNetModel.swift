import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The downsampling half and the middle of a UNet with attention pooling: guided-diffusion's classifiers of noisy
/// images (Dhariwal & Nichol 2021, §4).
public struct EncoderUNetModel: Sendable {
  /// The shape of the network; `outChannels` is the number of classes.
  public let configuration: UNetConfiguration

  let timeEmbed: TimeEmbed
  let inputBlocks: [TimestepEmbedSequential]
  let middleBlock: TimestepEmbedSequential
  let out0: GroupNormalization
  let out2: AttentionPool2d

  /// Builds the network from named tensors. The configuration must be valid (`UNetConfiguration.validate()`) and have
  /// an image size.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or its shape does not match the configuration.
  public init(_ configuration: UNetConfiguration, _ weights: Weights) throws(CheckpointError) {
    guard let imageSize = configuration.imageSize else { preconditionFailure("a classifier has an image size") }
    self.configuration = configuration
    timeEmbed = try TimeEmbed(weights, configuration: configuration)
    var builder = try UNetBuilder(configuration, weights)
    for level in configuration.channelMult.indices { try builder.descend(level) }
    middleBlock = try builder.middle()
    inputBlocks = builder.inputBlocks
    out0 = try GroupNormalization(weights.scope("out.0"), configuration: configuration, builder.channels)
    out2 = try AttentionPool2d(
      weights.scope("out.2"), side: imageSize / configuration.sizeMultiple, channels: builder.channels,
      heads: configuration.heads(channels: builder.channels), outChannels: configuration.outChannels)
  }

  /// The class logits for noisy images.
  ///
  /// - Parameters:
  ///   - x: noisy images, `[N, C, H, W]`, with H and W equal to the image size.
  ///   - timesteps: `[N]`, on the scale that the model was trained with; may be fractional.
  /// - Returns: `[N, outChannels]`.
  public func callAsFunction(_ x: Tensor, timesteps: [Float]) -> Tensor {
    features(x, timesteps: timesteps).logits
  }

  /// What the last linear layer is given, `[N, C]`, and the class logits that it makes of that, `[N, outChannels]`.
  ///
  /// - Parameters:
  ///   - x: noisy images, `[N, C, H, W]`, with H and W equal to the image size.
  ///   - timesteps: `[N]`, on the scale that the model was trained with; may be fractional.
  public func features(_ x: Tensor, timesteps: [Float]) -> (pool: Tensor, logits: Tensor) {
    precondition(timesteps.count == x.shape[0], "\(timesteps.count) timesteps for \(x.shape[0]) pictures")
    let emb = timeEmbed(timesteps)
    var h = FusedInput(x.channelsLast())
    for block in inputBlocks + [middleBlock] { h = FusedInput(block(h, block.project(emb))) }
    let pool = out2.pooled(out0(h, silu: true).tensor())
    return (pool, out2.cProj(pool))
  }

  /// The multiply-adds of a forward pass over `batch` images.
  public func countFlops(batch: Int) -> Flops {
    var size = [Int](repeating: configuration.imageSize ?? 0, count: configuration.dims)
    var flops = timeEmbed.countFlops()
    for block in inputBlocks + [middleBlock] { flops += block.countFlops(&size) }
    flops += out2.countFlops()
    return flops * batch
  }
}
