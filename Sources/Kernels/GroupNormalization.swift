import CDiffusionProcessor
import KernelTable

// Activations are channels-last: pixel p's channels begin at x + p · channels. Small networks have channels that are no
// multiple of a vector's lanes.

/// See `KernelTable.ChannelMoments`.
func channelMoments(
  _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ centre: UnsafePointer<Float>,
  _ sums: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
) {
  // Four vectors of channels at a time, so that four chains of dependent additions overlap.
  var c = 0
  @inline(__always) func columns<let count: Int>(_ zero: InlineArray<count, Vector>) {
    while c + count * lanes <= channels {
      let middle = InlineArray<count, Vector> { load(centre + c + $0 * lanes) }
      var (sum, square) = (zero, zero)
      var pixel = x + c
      for _ in 0..<pixels {
        for i in 0..<count {
          let d = load(pixel + i * lanes) - middle[unchecked: i]
          sum[unchecked: i] += d
          square[unchecked: i] = multiplyAdd(d, d, square[unchecked: i])
        }
        pixel += channels
      }
      for i in 0..<count {
        store(sum[unchecked: i], sums + c + i * lanes)
        store(square[unchecked: i], squares + c + i * lanes)
      }
      c += count * lanes
    }
  }
  columns(InlineArray<4, Vector>(repeating: broadcast(0)))
  columns(InlineArray<1, Vector>(repeating: broadcast(0)))
  let rest = channels - c
  if rest > 0 {
    let middle = load(centre + c, first: rest, fill: 0)
    var (sum, square) = (broadcast(0), broadcast(0))
    for p in 0..<pixels {
      let d = load(x + p * channels + c, first: rest, fill: 0) - middle
      sum += d
      square = multiplyAdd(d, d, square)
    }
    store(sum, sums + c, first: rest)
    store(square, squares + c, first: rest)
  }
}

/// See `KernelTable.Normalize`.
func normalize(
  _ x: KernelTable.Rows, _ pixels: Int, _ channels: Int, _ affine: KernelTable.ChannelAffine, _ activate: Bool,
  _ out: KernelTable.MutableRows
) {
  for p in 0..<pixels {
    let source = x.start + p * x.stride
    let target = out.start + p * out.stride
    var c = 0
    while c + lanes <= channels {
      // If only some channels are read, pixels lie far apart, and the hardware does not foresee that the next line
      // follows.
      if c % 16 == 0 { prefetch(source + pixels * x.stride + c) }
      let y = multiplyAdd(load(source + c) - load(affine.mean + c), load(affine.scale + c), load(affine.shift + c))
      store(activate ? silu(y) : y, target + c)
      c += lanes
    }
    let rest = channels - c
    if rest > 0 {
      let d = load(source + c, first: rest, fill: 0) - load(affine.mean + c, first: rest, fill: 0)
      let y = multiplyAdd(
        d, load(affine.scale + c, first: rest, fill: 0), load(affine.shift + c, first: rest, fill: 0))
      store(activate ? silu(y) : y, target + c, first: rest)
    }
  }
}
