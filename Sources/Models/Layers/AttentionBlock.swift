import DiffusionCheckpoints
import TensorCore

/// Lets the positions of an activation attend to each other: `x → x + proj_out(attention(qkv(norm(x))))`.
public struct AttentionBlock: Layer {
  let norm: GroupNormalization?
  let qkv: Linear
  var attention: QKVAttention
  let projOut: Linear
  let useCheckpoint: Bool

  /// The block under `weights` for activations of `channels`.
  ///
  /// - Parameters:
  ///   - weights: those of the block.
  ///   - configuration: the network's shape.
  ///   - channels: those of the activations.
  ///   - heads: attention heads, a divisor of the channels.
  ///   - normalized: whether it begins with a normalisation.
  /// - Throws: `CheckpointError` where a tensor is missing or has another shape.
  public init(
    _ weights: Weights, configuration: UNetConfiguration, channels: Int, heads: Int, normalized: Bool = true
  ) throws(CheckpointError) {
    norm =
      normalized ? try GroupNormalization(weights.scope("norm"), configuration: configuration, channels) : nil
    qkv = try Linear(weights.scope("qkv"), channels, 3 * channels, kernelDims: 1)
    attention = QKVAttention(heads: heads, order: configuration.attentionOrder)
    useCheckpoint = configuration.useCheckpoint
    projOut = try Linear(weights.scope("proj_out"), channels, channels, kernelDims: 1, zero: true)
  }

  /// `[N, H, W, C]` → `[N, H, W, C]`; time grows with the square of H·W.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[x.shape.count - 1])
    let sequence = x.reshaped([batch, x.count / (batch * channels), channels])
    let input = FusedInput(sequence)
    return checkpoint(useCheckpoint) {
      let h = attention(qkv(norm?(input, silu: false) ?? input))
      return projOut(FusedInput(h), adding: sequence)
    }.reshaped(x.shape)
  }

  /// See `Layer`.
  public func countFlops(_ size: inout [Int]) -> Flops {
    let positions = size.reduce(1, *)
    var flops = qkv.flops(pixels: positions)
    flops += attention.countFlops(positions: positions, channels: qkv.inFeatures)
    flops += projOut.flops(pixels: positions)
    return flops
  }
}
