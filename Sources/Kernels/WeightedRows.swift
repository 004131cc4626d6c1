// The kernels of `RowKernels` for filters and pooling: sums and maxima of rows, rows times a number, rows without what
// is negative.

import KernelTable

/// See `RowKernels.WeightedSum`.
func weightedSum(
  _ rows: UnsafePointer<UnsafePointer<Float>>, _ weights: UnsafePointer<Float>, _ taps: Int, _ count: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c + lanes <= count {
    var sum = broadcast(weights[0]) * load(rows[0] + c)
    for t in 1..<max(taps, 1) { sum = multiplyAdd(broadcast(weights[t]), load(rows[t] + c), sum) }
    store(sum, out + c)
    c += lanes
  }
  guard c < count else { return }
  let rest = count - c
  var sum = broadcast(weights[0]) * load(rows[0] + c, first: rest, fill: 0)
  for t in 1..<max(taps, 1) {
    sum = multiplyAdd(broadcast(weights[t]), load(rows[t] + c, first: rest, fill: 0), sum)
  }
  store(sum, out + c, first: rest)
}

/// See `RowKernels.Maximum`.
func maximumOfRows(
  _ rows: UnsafePointer<UnsafePointer<Float>>, _ taps: Int, _ count: Int, _ out: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c + lanes <= count {
    var largest = load(rows[0] + c)
    for t in 1..<max(taps, 1) { largest = maximum(largest, load(rows[t] + c)) }
    store(largest, out + c)
    c += lanes
  }
  guard c < count else { return }
  let rest = count - c
  var largest = load(rows[0] + c, first: rest, fill: 0)
  for t in 1..<max(taps, 1) { largest = maximum(largest, load(rows[t] + c, first: rest, fill: 0)) }
  store(largest, out + c, first: rest)
}

/// See `RowKernels.Rectify`. In this order what is not a number remains.
func rectifyRows(_ x: KernelTable.MutableRows, _ rows: Int, _ count: Int) {
  let zero = broadcast(0)
  for r in 0..<rows {
    let row = x.start + r * x.stride
    var c = 0
    while c + lanes <= count {
      store(maximum(zero, load(row + c)), row + c)
      c += lanes
    }
    while c < count {
      if row[c] < 0 { row[c] = 0 }
      c += 1
    }
  }
}

/// See `RowKernels.Scale`.
func scaleRow(_ x: UnsafePointer<Float>, _ factor: Float, _ count: Int, _ out: UnsafeMutablePointer<Float>) {
  let factors = broadcast(factor)
  var i = 0
  while i + lanes <= count {
    store(load(x + i) * factors, out + i)
    i += lanes
  }
  while i < count {
    out[i] = x[i] * factor
    i += 1
  }
}
