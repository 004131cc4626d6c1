import DiffusionCheckpoints
import TensorCore

/// Self-attention over the positions of an activation, with a residual connection:
/// `x → x + proj_out(attention(qkv(norm(x))))`.
public struct AttentionBlock: Layer {
  let norm: GroupNormalization?
  let qkv: Linear
  var attention: QKVAttention
  let projOut: Linear
  let useCheckpoint: Bool

  /// The block under `weights` for activations of `channels` channels.
  ///
  /// - Parameters:
  ///   - weights: the block's scope.
  ///   - configuration: the network's shape.
  ///   - channels: the activations' channels.
  ///   - heads: attention heads; divides `channels`.
  ///   - normalized: whether the block begins with a normalisation.
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  public init(
    _ weights: Weights, configuration: UNetConfiguration, channels: Int, heads: Int, normalized: Bool = true
  ) throws(CheckpointError) {
    norm =
      normalized ? try GroupNormalization(weights.scope("norm"), configuration: configuration, channels) : nil
    qkv = try Linear(weights.scope("qkv"), channels, 3 * channels, kernelDims: 1)
    attention = QKVAttention(heads: heads, order: configuration.attentionOrder, scale: configuration.attentionScale)
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
