// Kernels that only move data.

/// See `PackingKernels.Transpose`.
func transposeRows(
  _ x: UnsafePointer<Float>, _ rows: Int, _ columns: Int, _ out: UnsafeMutablePointer<Float>, _ stride: Int
) {
  // A few columns at a time, so that the lines being written stay in the L1 cache until they are complete.
  var first = 0
  while first < columns {
    let count = min(16, columns - first)
    for r in 0..<rows {
      var source = x + r * columns + first
      var target = out + first * stride + r
      for _ in 0..<count {
        target.pointee = source.pointee
        source += 1
        target += stride
      }
    }
    first += count
  }
}

/// See `PackingKernels.FlipTaps`.
func flipTaps(_ x: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<Float>, _ stride: Int) {
  for t in 0..<9 {
    var source = x + (8 - t)
    let target = out + t * stride
    for c in 0..<count {
      target[c] = source.pointee
      source += 9
    }
  }
}

/// See `PackingKernels.AddTaps`.
func addTaps(_ x: UnsafePointer<Float>, _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>) {
  var target = out
  for c in 0..<16 {
    for t in 0..<9 { target[t] = accumulate ? target[t] + x[16 * t + c] : x[16 * t + c] }
    target += 9
  }
}

/// See `PackingKernels.PackBlock`.
func packBlock(
  _ rows: UnsafePointer<UnsafePointer<Float>>, _ count: Int, _ first: Int, _ out: UnsafeMutablePointer<Float>
) {
  for r in 0..<count {
    let source = rows[r] + first
    var c = 0
    while c < 16 {
      store(load(source + c), out + 16 * r + c)
      c += lanes
    }
  }
}

/// See `PackingKernels.CopyRows`.
func copyRows(
  _ x: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ count: Int, _ out: UnsafeMutablePointer<Float>,
  _ outStride: Int
) {
  for r in 0..<rows {
    let (source, target) = (x + r * stride, out + r * outStride)
    var c = 0
    while c + lanes <= count {
      store(load(source + c), target + c)
      c += lanes
    }
    while c < count {
      target[c] = source[c]
      c += 1
    }
  }
}

/// See `PackingKernels.SumRows`.
func sumRows(_ x: UnsafePointer<Float>, _ rows: Int, _ channels: Int, _ out: UnsafeMutablePointer<Float>) {
  var c = 0
  /// Several vectors of channels at a time, so that their chains of additions overlap.
  @inline(__always) func columns<let count: Int>(_ zero: InlineArray<count, Vector>) {
    while c + count * lanes <= channels {
      var sums = zero
      var row = x + c
      for _ in 0..<rows {
        for i in 0..<count { sums[unchecked: i] += load(row + i * lanes) }
        row += channels
      }
      for i in 0..<count { store(sums[unchecked: i], out + c + i * lanes) }
      c += count * lanes
    }
  }
  columns(InlineArray<4, Vector>(repeating: broadcast(0)))
  columns(InlineArray<1, Vector>(repeating: broadcast(0)))
  while c < channels {
    var sum: Float = 0
    for r in 0..<rows { sum += x[r * channels + c] }
    out[c] = sum
    c += 1
  }
}
