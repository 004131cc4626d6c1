import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// The descending half and the middle of a UNet, pooled by attention: the classifiers of guided-diffusion, which say of a noisy
/// picture which class it is of (Dhariwal & Nichol 2021, §4).
public struct EncoderUNetModel: Sendable {
  /// The shape of the network; `outChannels` are the classes.
  public let configuration: UNetConfiguration

  let timeEmbed: TimeEmbed
  let inputBlocks: [TimestepEmbedSequential]
  let middleBlock: TimestepEmbedSequential
  let out0: GroupNormalization
  let out2: AttentionPool2d

  /// Builds the network from named tensors. The configuration must be valid (`UNetConfiguration.validate()`) and have an image
  /// size.
  ///
  /// - Throws: `CheckpointError` where a tensor is missing or has another shape than the configuration asks for.
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

  /// The classes' logits for noisy pictures.
  ///
  /// - Parameters:
  ///   - x: pictures, `[N, C, H, W]`, H and W being the image size.
  ///   - timesteps: `[N]`, on the scale the model was trained with; may be fractional.
  /// - Returns: `[N, outChannels]`.
  public func callAsFunction(_ x: Tensor, timesteps: [Float]) -> Tensor {
    precondition(timesteps.count == x.shape[0], "\(timesteps.count) timesteps for \(x.shape[0]) pictures")
    let emb = timeEmbed(timesteps)
    var h = FusedInput(x.channelsLast())
    for block in inputBlocks + [middleBlock] { h = FusedInput(block(h, block.project(emb))) }
    return out2(out0(h, silu: true).tensor())
  }

  /// The multiply-adds of one forward pass over `batch` pictures.
  public func countFlops(batch: Int) -> Flops {
    var size = [Int](repeating: configuration.imageSize ?? 0, count: configuration.dims)
    var flops = timeEmbed.countFlops()
    for block in inputBlocks + [middleBlock] { flops += block.countFlops(&size) }
    flops += out2.countFlops()
    return flops * batch
  }
}
