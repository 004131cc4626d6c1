// The kernels of `RowKernels` for filters: sums of rows, and rows times a number.

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
