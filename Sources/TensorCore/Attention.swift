import KernelTable

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Multi-head scaled dot-product attention (Vaswani et al. 2017, eq. 1) over positions: softmax(q·kᵀ/√d)·v.
///
/// The scores of a tile of queries at a time are held, so memory grows with T, not T²; time grows with T².
///
/// - Parameters:
///   - qkv: `[N, T, 3C]`; head h has its query, key and value, d = C / heads channels each, one behind the other from
///     channel 3·d·h (the packing of improved-diffusion's `QKVAttention`).
///   - heads: the number of heads; divides C.
/// - Returns: `[N, T, C]`, heads in order.
public func attention(_ qkv: Tensor, heads: Int) -> Tensor {
  precondition(
    qkv.shape.count == 3 && heads > 0 && qkv.shape[2] % (3 * heads) == 0,
    "\(heads) heads cannot share a tensor of shape \(qkv.shape)")
  let (batch, length, width) = (qkv.shape[0], qkv.shape[1], qkv.shape[2])
  let channels = width / 3
  let depth = channels / heads
  let table = KernelChoice.current
  // Queries and keys are each scaled by 1/⁴√d, which keeps their products smaller than scaling the products would.
  let scale = 1 / sqrtf(sqrtf(Float(depth)))

  return LayerTimes.measure(
    { "attention, \(heads) × \(depth), \(length) positions" }, multiplyAdds: 2 * batch * length * length * channels
  ) {
    qkv.withUnsafePointer { source in
      Tensor([batch, length, channels]) { out in
        ThreadPool.shared.forEach(batch * heads) { item in
          let (n, head) = item.quotientAndRemainder(dividingBy: heads)
          attend(
            head: Head(
              source: source + n * length * width + head * 3 * depth, width: width, length: length, depth: depth,
              scale: scale),
            out: out + n * length * channels + head * depth, outStride: channels, table: table)
        }
      }
    }
  }
}

/// One head of one picture: the query of position t lies at `source + t · width`, its key and value behind it.
private struct Head {
  let source: UnsafePointer<Float>
  let width: Int
  let length: Int
  let depth: Int
  let scale: Float
}

private func attend(head: Head, out: UnsafeMutablePointer<Float>, outStride: Int, table: KernelTable) {
  let (length, depth) = (head.length, head.depth)
  let columns = table.tileColumns
  // kᵀ is the weight of a linear map from a query to its scores, v that of one from scores to the output.
  let keys = PackedWeights(table: table, taps: 1, depth: depth, columns: length, bias: nil) { target, panel in
    for c in 0..<min(columns, length - panel * columns) {
      let key = head.source + (panel * columns + c) * head.width + depth
      for i in 0..<depth { target[i * columns + c] = key[i] * head.scale }
    }
  }
  let values = PackedWeights(table: table, taps: 1, depth: length, columns: depth, bias: nil) { target, panel in
    for t in 0..<length {
      let value = head.source + t * head.width + 2 * depth + panel * columns
      (target + t * columns).update(from: value, count: min(columns, depth - panel * columns))
    }
  }
  let tiling = Tiling(count: length, most: table.tileRows)
  ThreadPool.shared.forEach(tiling.tiles, scratch: tiling.height * (depth + length)) { tile, queries in
    let positions = tiling[tile]
    let scores = queries + tiling.height * depth
    for t in positions {
      let query = head.source + t * head.width
      for i in 0..<depth { queries[(t - positions.lowerBound) * depth + i] = query[i] * head.scale }
    }
    gatheredProduct(rowCount: positions.count, weights: keys, out: scores, outStride: length) { rows, addresses, _ in
      for r in rows { addresses[r] = UnsafePointer(queries) + r * depth }
    }
    for r in 0..<positions.count { table.softmax(scores + r * length, length) }
    gatheredProduct(
      rowCount: positions.count, weights: values, out: out + positions.lowerBound * outStride, outStride: outStride
    ) { rows, addresses, _ in
      for r in rows { addresses[r] = UnsafePointer(scores) + r * length }
    }
  }
}
