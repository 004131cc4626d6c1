import KernelTable

/// Multi-head scaled dot-product attention (Vaswani et al. 2017, eq. 1) over positions: softmax(q·kᵀ/√d)·v.
///
/// The scores of as many queries as a tile has columns are held at a time, so memory grows with T, not T²; time grows with T².
/// Queries lie along the vectors: then the softmax needs no sums across a vector, and heads of any width fill the tiles.
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
  let panels = (length + table.tileColumns - 1) / table.tileColumns
  // The panel of queries, the scores, the output of the head, and the factors of the softmax.
  let scratch = table.tileColumns * (depth + length + depth + 1)

  return LayerTimes.measure(
    { "attention, \(heads) × \(depth), \(length) positions" }, multiplyAdds: 2 * batch * length * length * channels
  ) {
    qkv.withUnsafePointer { source in
      Tensor([batch, length, channels]) { out in
        ThreadPool.shared.forEach(batch * heads * panels, scratch: scratch) { item, scratch in
          let (n, head) = (item / panels).quotientAndRemainder(dividingBy: heads)
          let first = item % panels * table.tileColumns
          attend(
            Head(source: source + n * length * width + head * 3 * depth, width: width, length: length, depth: depth),
            queries: first..<min(first + table.tileColumns, length), table: table, scratch: scratch,
            out: out + n * length * channels + head * depth, outStride: channels)
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
}

/// What the head puts out for a panel of queries.
private func attend(
  _ head: Head, queries: Range<Int>, table: KernelTable, scratch: UnsafeMutablePointer<Float>,
  out: UnsafeMutablePointer<Float>, outStride: Int
) {
  let (columns, depth, length) = (table.tileColumns, head.depth, head.length)
  let panel = scratch
  let scores = panel + depth * columns
  let weighted = scores + length * columns
  let inverse = weighted + depth * columns

  // [d, queries], divided by √d; columns without a query are zero, and what comes of them is not read.
  let scale = 1 / Float(depth).squareRoot()
  panel.update(repeating: 0, count: depth * columns)
  for (c, t) in queries.enumerated() {
    let query = head.source + t * head.width
    for i in 0..<depth { panel[i * columns + c] = query[i] * scale }
  }
  // Scores [T, queries]: keys times queries.
  inverse.update(repeating: 0, count: columns)
  let keys = Tiling(count: length, most: table.tileRows)
  withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: keys.height) { addresses in
    guard let addresses = addresses.baseAddress else { return }
    for tile in 0..<keys.tiles {
      let positions = keys[tile]
      for t in positions { addresses[t - positions.lowerBound] = head.source + t * head.width + depth }
      table.multiplyTile(
        addresses, positions.count, 1, depth, panel, inverse, nil, scores + positions.lowerBound * columns, columns)
    }
  }
  table.exponentialColumns(scores, length, inverse)
  // [d, queries]: values times weights.
  let values = Tiling(count: depth, most: table.tileRows)
  for tile in 0..<values.tiles {
    let rows = values[tile]
    table.multiplyColumns(
      head.source + 2 * depth + rows.lowerBound, head.width, rows.count, length, scores,
      weighted + rows.lowerBound * columns, columns)
  }
  for (c, t) in queries.enumerated() {
    let target = out + t * outStride
    for i in 0..<depth { target[i] = weighted[i * columns + c] * inverse[c] }
  }
}
