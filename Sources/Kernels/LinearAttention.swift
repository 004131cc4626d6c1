import KernelTable

// Linear attention (Katharopoulos et al. 2020; Shen et al. 2021, "Efficient Attention"), whose keys are weighted by a
// softmax over the positions, of which the loops here compute one strip at a time.

/// See `RowKernels.ColumnMaxima`.
func columnMaxima(
  _ x: KernelTable.Rows, _ count: Int, _ channels: Int, _ maxima: UnsafeMutablePointer<Float>
) {
  for t in 0..<count {
    let row = x.start + t * x.stride
    var c = 0
    while c + lanes <= channels {
      store(maximum(load(maxima + c), load(row + c)), maxima + c)
      c += lanes
    }
    while c < channels {
      if row[c] > maxima[c] { maxima[c] = row[c] }
      c += 1
    }
  }
}

/// See `RowKernels.WeighKeys`.
func weighKeys(
  _ keys: KernelTable.Rows, _ values: UnsafePointer<Float>, _ count: Int, _ depth: Int,
  _ maxima: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>, _ out: UnsafeMutablePointer<Float>
) {
  let width = (depth + 15) / 16 * 16
  let sums = out + depth * width
  for t in 0..<count {
    let (row, target) = (keys.start + t * keys.stride, scratch + t * width)
    var c = 0
    while c < width {
      let known = depth - c
      let key = known >= lanes ? load(row + c) : load(row + c, first: known > 0 ? known : 0, fill: 0)
      let most = known >= lanes ? load(maxima + c) : load(maxima + c, first: known > 0 ? known : 0, fill: 0)
      let e = exponential(key - most)
      store(e, target + c)
      store(load(sums + c) + e, sums + c)
      c += lanes
    }
  }
  // Four rows of values by two vectors of keys at a time, so that eight chains of dependent additions overlap.
  @inline(__always) func rows<let count: Int>(_ zero: InlineArray<count, Vector>, from first: Int, pair: Bool) {
    var c = 0
    while c < width {
      let isPair = pair && c + 2 * lanes <= width
      var (left, right) = (zero, zero)
      for i in 0..<count {
        left[unchecked: i] = load(out + (first + i) * width + c)
        if isPair { right[unchecked: i] = load(out + (first + i) * width + c + lanes) }
      }
      for t in 0..<positions {
        let weights = scratch + t * width + c
        let value = values + t * keys.stride + first
        let (l, r) = (load(weights), isPair ? load(weights + lanes) : broadcast(0))
        for i in 0..<count {
          let v = broadcast(value[i])
          left[unchecked: i] = multiplyAdd(v, l, left[unchecked: i])
          if isPair { right[unchecked: i] = multiplyAdd(v, r, right[unchecked: i]) }
        }
      }
      for i in 0..<count {
        store(left[unchecked: i], out + (first + i) * width + c)
        if isPair { store(right[unchecked: i], out + (first + i) * width + c + lanes) }
      }
      c += isPair ? 2 * lanes : lanes
    }
  }
  let positions = count
  var e = 0
  while e + 4 <= depth {
    rows(InlineArray<4, Vector>(repeating: broadcast(0)), from: e, pair: true)
    e += 4
  }
  while e < depth {
    rows(InlineArray<1, Vector>(repeating: broadcast(0)), from: e, pair: true)
    e += 1
  }
}

/// See `RowKernels.SoftmaxGroups`.
func softmaxGroups(
  _ x: KernelTable.Rows, _ count: Int, _ groups: Int, _ depth: Int, _ out: UnsafeMutablePointer<Float>
) {
  for t in 0..<count {
    for group in 0..<groups {
      softmaxCopy(x.start + t * x.stride + group * depth, depth, out + (t * groups + group) * depth)
    }
  }
}

/// `out[i] = exp(x[i] - max x) / Σ_j exp(x[j] - max x)`.
@inline(__always) private func softmaxCopy(
  _ x: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<Float>
) {
  let whole = count - count % lanes
  let rest = count - whole
  let tail = load(x + whole, first: rest, fill: -Float.greatestFiniteMagnitude)
  var largest = tail
  var i = 0
  while i < whole {
    largest = maximum(largest, load(x + i))
    i += lanes
  }
  let shift = broadcast(largestOfLanes(largest))
  var sums = broadcast(0)
  i = 0
  while i < whole {
    let e = exponential(load(x + i) - shift)
    store(e, out + i)
    sums += e
    i += lanes
  }
  // Lanes past the end count for nothing.
  var last = broadcast(0)
  if rest > 0 {
    let e = exponential(tail - shift)
    for lane in 0..<rest { last[lane] = e[lane] }
    sums += last
  }
  let inverse = broadcast(1 / sumOfLanes(sums))
  i = 0
  while i < whole {
    store(load(out + i) * inverse, out + i)
    i += lanes
  }
  if rest > 0 { store(last * inverse, out + whole, first: rest) }
}
