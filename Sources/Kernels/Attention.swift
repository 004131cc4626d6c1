// Scaled dot-product attention (Vaswani et al. 2017, eq. 1) of one head: softmax(q·kᵀ/√d)·v.
//
// Queries are processed in panels of as many as a tile has columns. They lie along the vectors, so the softmax needs no
// sums across a vector, and heads of any width fill the tiles.

import KernelTable

/// See `KernelTable.Attend`.
func attend(
  _ head: KernelTable.AttentionHead, _ length: Int, _ depth: Int, _ firstQuery: Int, _ endQuery: Int,
  _ scratch: UnsafeMutablePointer<Float>, _ out: KernelTable.MutableRows
) {
  let (keys, values) = (head.queries + head.partStride, head.queries + 2 * head.partStride)
  // Whatever is read as vectors comes first, where the scratch is aligned.
  let scores = scratch
  let queries = scores + length * tileColumns
  let weighted = queries + depth * tileColumns
  let keyRows = UnsafeMutableRawPointer(weighted + depth * tileColumns).assumingMemoryBound(
    to: UnsafePointer<Float>.self)
  for t in 0..<length { keyRows[t] = keys + t * head.stride }
  let packedValues = UnsafeMutableRawPointer(keyRows + length).assumingMemoryBound(to: Float.self)
  // Scores are scaled to base 2, since 2ˣ is cheaper than eˣ.
  let scale = 1.442_695_04 / head.divisor
  let valueTiles = (depth - 1) / tileRows + 1
  let valueRows = (depth - 1) / valueTiles + 1

  // Each tile's columns of v are packed together: at their original strides they would compete for a few sets of the L1
  // cache.
  forEachValueTile { row, rows in
    let target = packedValues + row * length
    for t in 0..<length {
      for r in 0..<rows { target[t * rows + r] = values[t * head.stride + row + r] }
    }
  }
  var first = firstQuery
  while first < endQuery {
    let count = min(tileColumns, endQuery - first)
    for i in 0..<depth {
      for c in 0..<count { queries[i * tileColumns + c] = head.queries[(first + c) * head.stride + i] * scale }
      // The results of columns without a query are not read.
      for c in count..<tileColumns { queries[i * tileColumns + c] = 0 }
    }
    let largest = score(keyRows, length, depth, queries, scores)
    let inverse = powers(scores, length, largest)
    forEachValueTile { row, rows in
      weigh(packedValues + row * length, rows, length, scores, inverse, weighted + row * tileColumns)
    }
    for c in 0..<count {
      for i in 0..<depth { out.start[(first + c) * out.stride + i] = weighted[i * tileColumns + c] }
    }
    first += count
  }

  /// Calls `body` for the channels of the values, in tiles of about the same height.
  @inline(__always) func forEachValueTile(_ body: (_ row: Int, _ rows: Int) -> Void) {
    var row = 0
    while row < depth {
      let rows = min(valueRows, depth - row)
      body(row, rows)
      row += rows
    }
  }
}

/// Writes the scores `[T, queries]` of keys with queries `[d, queries]`; returns the largest score of each query.
@inline(__always) func score(
  _ keys: UnsafePointer<UnsafePointer<Float>>, _ length: Int, _ depth: Int, _ queries: UnsafePointer<Float>,
  _ scores: UnsafeMutablePointer<Float>
) -> (Vector, Vector) {
  var largest = (broadcast(-.greatestFiniteMagnitude), broadcast(-.greatestFiniteMagnitude))
  @inline(__always) func tile<let rows: Int>(_ start: Sums<rows>, _ key: Int) {
    var sums = start
    sums.add(keys + key, 1, depth, queries, fetchesAhead: false)
    sums.write(scores + key * tileColumns, tileColumns)
    for r in 0..<rows {
      largest.0 = maximum(largest.0, sums.left[unchecked: r])
      largest.1 = maximum(largest.1, sums.right[unchecked: r])
    }
  }
  var key = 0
  while key + tileRows <= length {
    tile(WholeSums(), key)
    key += tileRows
  }
  // The last tile overlaps the one before and computes the shared rows again.
  if key < length && length >= tileRows { tile(WholeSums(), length - tileRows) }
  if length < tileRows {
    for key in 0..<length { tile(Sums<1>(), key) }
  }
  return largest
}

/// Replaces the scores `[T, queries]` by `2^(score - largest)`; returns 1 / their sum for each query.
@inline(__always) func powers(
  _ scores: UnsafeMutablePointer<Float>, _ length: Int, _ largest: (Vector, Vector)
) -> (Vector, Vector) {
  var sums = (broadcast(0), broadcast(0))
  for t in 0..<length {
    let row = scores + t * tileColumns
    let left = powerOfTwo(load(row) - largest.0)
    let right = powerOfTwo(load(row + lanes) - largest.1)
    store(left, row)
    store(right, row + lanes)
    sums.0 += left
    sums.1 += right
  }
  return (broadcast(1) / sums.0, broadcast(1) / sums.1)
}

/// Writes `rows` channels of the values `[T, rows]`, weighted with `[T, queries]` and multiplied by `factors`.
@inline(__always) func weigh(
  _ values: UnsafePointer<Float>, _ rows: Int, _ length: Int, _ weights: UnsafePointer<Float>,
  _ factors: (Vector, Vector), _ out: UnsafeMutablePointer<Float>
) {
  @inline(__always) func tile<let rows: Int>(_ start: Sums<rows>) {
    var sums = start
    sums.add(columns: values, length, weights)
    for r in 0..<rows {
      sums.left[unchecked: r] *= factors.0
      sums.right[unchecked: r] *= factors.1
    }
    sums.write(out, tileColumns)
  }
  switch rows {
  case 1: tile(Sums<1>())
  case 2: tile(Sums<2>())
  case 3: tile(Sums<3>())
  case 4: tile(Sums<4>())
  case 5: tile(Sums<5>())
  #if KERNELS_AVX512 || arch(arm64)
    case 6: tile(Sums<6>())
    case 7: tile(Sums<7>())
    case 8: tile(Sums<8>())
    case 9: tile(Sums<9>())
    case 10: tile(Sums<10>())
    case 11: tile(Sums<11>())
  #endif
  #if KERNELS_AVX512
    case 12: tile(Sums<12>())
    case 13: tile(Sums<13>())
  #endif
  default: tile(WholeSums())
  }
}
