import KernelTable

// Normalisation of each pixel over its own channels, which lie in one row.

/// See `RowKernels.NormalizeChannels`.
func normalizeChannels(
  _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ form: RowKernels.ChannelNormalization, _ activate: Bool,
  _ residual: UnsafePointer<Float>?, _ out: UnsafeMutablePointer<Float>
) {
  let whole = channels - channels % lanes
  let rest = channels - whole
  let perChannel = 1 / Float(channels)
  for p in 0..<pixels {
    let (row, target) = (x + p * channels, out + p * channels)
    var mean: Float = 0
    if form.isCentred {
      var sums = load(row + whole, first: rest, fill: 0)
      var c = 0
      while c < whole {
        sums += load(row + c)
        c += lanes
      }
      mean = sumOfLanes(sums) * perChannel
    }
    let middle = broadcast(mean)
    // Lanes past the end are the mean, and add nothing.
    let last = load(row + whole, first: rest, fill: mean) - middle
    var squares = last * last
    var c = 0
    while c < whole {
      let d = load(row + c) - middle
      squares = multiplyAdd(d, d, squares)
      c += lanes
    }
    let sum = sumOfLanes(squares)
    let length =
      form.isCentred ? (sum * perChannel + form.epsilon).squareRoot() : larger(sum.squareRoot(), form.epsilon)
    let inverse = broadcast(1 / length)
    let addend = residual.map { $0 + p * channels }
    c = 0
    while c < whole {
      var y = (load(row + c) - middle) * inverse * load(form.scale + c)
      if let shift = form.shift { y += load(shift + c) }
      if activate { y = silu(y) }
      if let addend { y += load(addend + c) }
      store(y, target + c)
      c += lanes
    }
    guard rest > 0 else { continue }
    var y = last * inverse * load(form.scale + whole, first: rest, fill: 0)
    if let shift = form.shift { y += load(shift + whole, first: rest, fill: 0) }
    if activate { y = silu(y) }
    if let addend { y += load(addend + whole, first: rest, fill: 0) }
    store(y, target + whole, first: rest)
  }
}

@inline(__always) private func larger(_ a: Float, _ b: Float) -> Float { a > b ? a : b }
