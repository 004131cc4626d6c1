/// The order of the channels of queries, keys and values.
public enum QKVOrder: Sendable {
  /// Query, key and value of the first head, then those of the second, … (improved-diffusion's `QKVAttention`,
  /// guided-diffusion's `QKVAttentionLegacy`).
  case byHead
  /// The queries of all heads, then the keys, then the values (guided-diffusion's `QKVAttention`).
  case byPart
}

/// What the scores of attention are divided by.
public enum AttentionScale: Sendable {
  /// √d, the root of a head's channels (Vaswani et al. 2017).
  case head
  /// √C, that of all channels.
  case channels

  /// The divisor for heads of `depth` channels, of `channels` in all.
  func divisor(depth: Int, channels: Int) -> Float { Float(self == .head ? depth : channels).squareRoot() }
}

/// Multi-head scaled dot-product attention (Vaswani et al. 2017, eq. 1) over positions: softmax(q·kᵀ/√d)·v.
///
/// Only the scores of a tile's worth of queries are held at a time, so memory grows with T; time grows with T².
///
/// - Parameters:
///   - qkv: `[N, T, 3C]`: queries, keys and values; each head has d = C / heads channels of each.
///   - heads: the number of heads; divides C.
///   - order: their order.
///   - scale: what scores are divided by.
/// - Returns: `[N, T, C]`, heads in order.
public func attention(
  _ qkv: Tensor, heads: Int, order: QKVOrder = .byHead, scale: AttentionScale = .head
) -> Tensor {
  precondition(
    qkv.shape.count == 3 && heads > 0 && qkv.shape[2] % (3 * heads) == 0,
    "\(heads) heads cannot share a tensor of shape \(qkv.shape)")
  let (batch, length, width) = (qkv.shape[0], qkv.shape[1], qkv.shape[2])
  let channels = width / 3
  let depth = channels / heads
  let (headStride, partStride) = order == .byHead ? (3 * depth, depth) : (depth, channels)
  let divisor = scale.divisor(depth: depth, channels: channels)
  let table = KernelChoice.current
  let scratch = (2 + depth + table.tileColumns) * length + 2 * table.tileColumns * depth
  // Heads are divided no further than gives all threads work, since each part packs the values again.
  let panels = (length + table.tileColumns - 1) / table.tileColumns
  let parts = Tiling(
    count: panels, most: max(1, panels * batch * heads / (itemsPerThread * ThreadPool.shared.threads)))

  return LayerProfile.measure(
    { "attention, \(heads) × \(depth), \(length) positions" }, operations: 4 * batch * length * length * channels
  ) {
    qkv.withUnsafePointer { source in
      Tensor([batch, length, channels]) { out in
        ThreadPool.shared.forEach(batch * heads * parts.tiles, scratch: scratch) { item, scratch in
          let (n, head) = (item / parts.tiles).quotientAndRemainder(dividingBy: heads)
          let part = parts[item % parts.tiles]
          table.attend(
            .init(
              source + n * length * width + head * headStride, stride: width, partStride: partStride,
              divisor: divisor), length, depth,
            part.lowerBound * table.tileColumns, min(part.upperBound * table.tileColumns, length), scratch,
            .init(out + n * length * channels + head * depth, stride: channels))
        }
      }
    }.recorded(qkv.recordedName != nil, as: .attention(qkv, heads: heads, order: order, scale: scale))
  }
}

/// With fewer, threads would be idle while others finish.
private let itemsPerThread = 4
