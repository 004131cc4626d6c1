// Backward pass of scaled dot-product attention of one head, which recomputes the weights. With P = softmax(q·kᵀ/√d)
// and the gradient dO of P·v: dv = Pᵀ·dO; dP = dO·vᵀ; dS = P ⊙ (dP - Σ_t P ⊙ dP); dq = dS·k/√d; dk = dSᵀ·q/√d.
//
// As in the forward pass, a panel of queries lies along the vectors.

import KernelTable

/// A head's channels, rounded up to whole vectors.
func wholeVectors(_ depth: Int) -> Int { (depth + lanes - 1) / lanes * lanes }

/// See `GradientKernels.attendScratch`.
func attendGradientScratch(_ length: Int, _ depth: Int) -> Int {
  let width = wholeVectors(depth)
  // Weights and their gradients; queries, gradients and weighted keys of a panel; rows of queries and gradients;
  // gradients of keys and values; packed keys; four addresses, of two floats, for each position.
  return 2 * length * tileColumns + 3 * depth * tileColumns + 2 * tileColumns * width + 2 * length * width
    + length * depth + 8 * length
}

/// See `GradientKernels.Attend`.
func attendGradient(
  _ head: KernelTable.AttentionHead, _ length: Int, _ depth: Int, _ gradient: KernelTable.Rows,
  _ scratch: UnsafeMutablePointer<Float>, _ out: UnsafeMutablePointer<Float>
) {
  let (stride, partStride) = (head.stride, head.partStride)
  let (keys, values) = (head.queries + partStride, head.queries + 2 * partStride)
  let width = wholeVectors(depth)
  let weights = scratch
  let slopes = weights + length * tileColumns
  let queries = slopes + length * tileColumns
  let gradients = queries + depth * tileColumns
  let weighted = gradients + depth * tileColumns
  let queryRows = weighted + depth * tileColumns
  let gradientRows = queryRows + tileColumns * width
  let keyGradients = gradientRows + tileColumns * width
  let valueGradients = keyGradients + length * width
  let addresses = UnsafeMutableRawPointer(valueGradients + length * width).assumingMemoryBound(
    to: UnsafePointer<Float>.self)
  let (keyRows, valueRows) = (addresses, addresses + length)
  let (weightRows, slopeRows) = (addresses + 2 * length, addresses + 3 * length)
  let packedKeys = UnsafeMutableRawPointer(addresses + 4 * length).assumingMemoryBound(to: Float.self)
  let root = 1 / head.divisor
  // Scores are scaled to base 2.
  let scale = 1.442_695_04 * root
  let tiles = (depth - 1) / tileRows + 1
  let height = (depth - 1) / tiles + 1

  for t in 0..<length {
    keyRows[t] = keys + t * stride
    valueRows[t] = values + t * stride
    weightRows[t] = UnsafePointer(weights + t * tileColumns)
    slopeRows[t] = UnsafePointer(slopes + t * tileColumns)
  }
  forEachTile { row, rows in
    let target = packedKeys + row * length
    for t in 0..<length {
      for r in 0..<rows { target[t * rows + r] = keys[t * stride + row + r] }
    }
  }
  (keyGradients).update(repeating: 0, count: 2 * length * width)
  queryRows.update(repeating: 0, count: 2 * tileColumns * width)

  var first = 0
  while first < length {
    let count = min(tileColumns, length - first)
    for i in 0..<depth {
      for c in 0..<count {
        let query = head.queries[(first + c) * stride + i]
        let slope = gradient.start[(first + c) * gradient.stride + i]
        queries[i * tileColumns + c] = query * scale
        gradients[i * tileColumns + c] = slope
        queryRows[c * width + i] = query * root
        gradientRows[c * width + i] = slope
      }
      for c in count..<tileColumns {
        queries[i * tileColumns + c] = 0
        gradients[i * tileColumns + c] = 0
      }
    }
    let largest = score(keyRows, length, depth, queries, weights)
    let inverse = powers(weights, length, largest)
    _ = score(valueRows, length, depth, gradients, slopes)
    softmaxGradient(weights, slopes, length, inverse)
    forEachTile { row, rows in
      weigh(
        packedKeys + row * length, rows, length, slopes, (broadcast(root), broadcast(root)),
        weighted + row * tileColumns)
    }
    for c in 0..<count {
      for i in 0..<depth { out[(first + c) * stride + i] = weighted[i * tileColumns + c] }
    }
    accumulate(slopeRows, count, queryRows, keyGradients)
    accumulate(weightRows, count, gradientRows, valueGradients)
    first += count
  }
  for t in 0..<length {
    (out + partStride + t * stride).update(from: keyGradients + t * width, count: depth)
    (out + 2 * partStride + t * stride).update(from: valueGradients + t * width, count: depth)
  }

  /// Calls `body` for the channels of a head, in tiles of about the same height.
  @inline(__always) func forEachTile(_ body: (_ row: Int, _ rows: Int) -> Void) {
    var row = 0
    while row < depth {
      let rows = min(height, depth - row)
      body(row, rows)
      row += rows
    }
  }

  /// Adds to `sums`, `[T, width]`, the products of factors, `[T, queries]`,
  /// with rows of the panel's queries, `[queries, width]`.
  @inline(__always) func accumulate(
    _ factors: UnsafePointer<UnsafePointer<Float>>, _ count: Int, _ rows: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>
  ) {
    // A single last vector is the left one of a tile without a right one.
    var column = 0
    while column < width {
      let isWhole = column + tileColumns <= width
      var t = 0
      while t + tileRows <= length {
        addProducts(WholeSums(), factors + t, count, rows + column, width, isWhole, sums + t * width + column)
        t += tileRows
      }
      while t < length {
        addProducts(Sums<1>(), factors + t, count, rows + column, width, isWhole, sums + t * width + column)
        t += 1
      }
      column += isWhole ? tileColumns : lanes
    }
  }
}

/// Adds to a tile of sums, or to its left half, the products of as many rows of factors with `count` rows of a panel,
/// which are `width` floats apart.
@inline(__always) private func addProducts<let rows: Int>(
  _ start: Sums<rows>, _ factors: UnsafePointer<UnsafePointer<Float>>, _ count: Int, _ panel: UnsafePointer<Float>,
  _ width: Int, _ isWhole: Bool, _ out: UnsafeMutablePointer<Float>
) {
  var sums = start
  var panel = panel
  if isWhole {
    sums.read(out, width)
    for k in 0..<count {
      let (left, right) = (load(panel), load(panel + lanes))
      panel += width
      for r in 0..<rows {
        let x = broadcast(factors[r][k])
        sums.left[unchecked: r] = multiplyAdd(x, left, sums.left[unchecked: r])
        sums.right[unchecked: r] = multiplyAdd(x, right, sums.right[unchecked: r])
      }
    }
    sums.write(out, width)
  } else {
    for r in 0..<rows { sums.left[unchecked: r] = load(out + r * width) }
    for k in 0..<count {
      let left = load(panel)
      panel += width
      for r in 0..<rows {
        sums.left[unchecked: r] = multiplyAdd(broadcast(factors[r][k]), left, sums.left[unchecked: r])
      }
    }
    for r in 0..<rows { store(sums.left[unchecked: r], out + r * width) }
  }
}

/// Turns the powers `[T, queries]` into P, given 1 / their sums, and dP into P ⊙ (dP - Σ_t P ⊙ dP).
@inline(__always) private func softmaxGradient(
  _ weights: UnsafeMutablePointer<Float>, _ slopes: UnsafeMutablePointer<Float>, _ length: Int,
  _ inverse: (Vector, Vector)
) {
  var sums = (broadcast(0), broadcast(0))
  for t in 0..<length {
    let (row, slope) = (weights + t * tileColumns, slopes + t * tileColumns)
    let (left, right) = (load(row) * inverse.0, load(row + lanes) * inverse.1)
    store(left, row)
    store(right, row + lanes)
    sums.0 = multiplyAdd(left, load(slope), sums.0)
    sums.1 = multiplyAdd(right, load(slope + lanes), sums.1)
  }
  for t in 0..<length {
    let (row, slope) = (weights + t * tileColumns, slopes + t * tileColumns)
    store(load(row) * (load(slope) - sums.0), slope)
    store(load(row + lanes) * (load(slope + lanes) - sums.1), slope + lanes)
  }
}
