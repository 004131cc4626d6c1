import KernelTable

/// Multi-head attention as `attention(_:heads:order:)`, by part, whose queries also see keys and values that belong to
/// no position: learned registers (Burtsev et al. 2020, "Memory Transformer").
///
/// - Parameters:
///   - qkv: `[N, T, 3C]`: the queries of all heads, then the keys, then the values.
///   - heads: the number of heads; divides C.
///   - memory: keys, then values, `[M, 2C]`.
/// - Returns: `[N, T, C]`, heads in order.
public func attention(_ qkv: Tensor, heads: Int, memory: Tensor) -> Tensor {
  let (batch, length, channels) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3)
  precondition(
    qkv.shape.count == 3 && heads > 0 && qkv.shape[2] == 3 * channels && channels % heads == 0
      && memory.shape.count == 2 && memory.shape[1] == 2 * channels,
    "\(heads) heads cannot share a tensor of shape \(qkv.shape) and a memory of \(memory.shape)")
  let (kept, width) = (memory.shape[0], 3 * channels)
  let (all, depth) = (kept + length, channels / heads)
  let table = KernelChoice.current
  // The memory has no queries: zeros in their place are never read.
  let joined = qkv.withUnsafePointer { source in
    memory.withUnsafePointer { memory in
      Tensor([batch, all, width]) { out in
        ThreadPool.shared.forEach(batch) { n in
          let target = out + n * all * width
          for m in 0..<kept {
            (target + m * width).update(repeating: 0, count: channels)
            (target + m * width + channels).update(from: memory + m * 2 * channels, count: 2 * channels)
          }
          (target + kept * width).update(from: source + n * length * width, count: length * width)
        }
      }
    }
  }
  let divisor = AttentionScale.head.divisor(depth: depth, channels: channels)
  let scratch = (2 + depth + table.tileColumns) * all + 2 * table.tileColumns * depth
  return LayerProfile.measure(
    { "attention, \(heads) × \(depth), \(length) positions and \(kept) more" },
    operations: 4 * batch * length * all * channels
  ) {
    joined.withUnsafePointer { source in
      let padded = Tensor([batch, all, channels]) { out in
        ThreadPool.shared.forEach(batch * heads, scratch: scratch) { item, scratch in
          let (n, head) = item.quotientAndRemainder(dividingBy: heads)
          let queries = KernelTable.AttentionHead(
            source + n * all * width + head * depth, stride: width, partStride: channels, divisor: divisor)
          let rows = KernelTable.MutableRows(out + n * all * channels + head * depth, stride: channels)
          table.attend(queries, all, depth, kept, all, scratch, rows)
        }
      }
      return padded.withUnsafePointer { padded in
        Tensor([batch, length, channels]) { out in
          for n in 0..<batch {
            (out + n * length * channels).update(
              from: padded + (n * all + kept) * channels, count: length * channels)
          }
        }
      }
    }
  }
}

extension Tensor {
  /// Each of the first `count` channels of a sequence divided by its norm over the positions, at least 10⁻¹², and the
  /// first `scaled` of them times `factor`: `[N, T, C]` → `[N, T, C]`.
  public func normalizedOverPositions(channels count: Int, scaling scaled: Int, by factor: Float) -> Tensor {
    let (batch, length, width) = (shape[0], shape[1], shape[2])
    precondition(scaled <= count && count <= width, "\(count) channels of a tensor of shape \(shape)")
    let table = KernelChoice.current
    let zeros = Tensor(zeros: [width])
    return withUnsafePointer { source in
      zeros.withUnsafePointer { zeros in
        Tensor(shape) { out in
          ThreadPool.shared.forEach(batch, scratch: 2 * width) { n, scratch in
            let (scale, squares) = (scratch, scratch + width)
            table.channelMoments(source + n * length * width, length, width, zeros, scale, squares)
            for c in 0..<width {
              scale[c] = c < count ? (c < scaled ? factor : 1) / max(squares[c].squareRoot(), 1e-12) : 1
            }
            table.normalize(
              .init(source + n * length * width, stride: width), length, width,
              .init(mean: zeros, scale: scale, shift: zeros), false, .init(out + n * length * width, stride: width))
          }
        }
      }
    }
  }
}
