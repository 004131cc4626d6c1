import TensorCore

/// Attention among all positions of a picture, given queries, keys and values: softmax(qᵀk / √d)·v for each
/// head, d being its channels, or all in rosinality's network.
public struct QKVAttention: Sendable {
  let heads: Int
  let order: QKVOrder
  var scale = AttentionScale.head

  /// `[N, T, 3C]` → `[N, T, C]`.
  public func callAsFunction(_ qkv: Tensor) -> Tensor { attention(qkv, heads: heads, order: order, scale: scale) }

  /// The two matrix products with T×T scores, for one picture: 2·T²·c.
  func countFlops(positions: Int, channels: Int) -> Flops {
    let matrixProducts = 2 * positions * positions * channels
    return Flops(total: matrixProducts, attention: matrixProducts)
  }
}
