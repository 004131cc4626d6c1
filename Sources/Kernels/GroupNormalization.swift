import CDiffusionProcessor

// Activations are channels-last: pixel p's channels lie at x + p · channels. The channel count of a normalised
// activation is a multiple of 32, so vectors never have a remainder.

/// See `KernelTable.ChannelMoments`.
func channelMoments(
  _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ centre: UnsafePointer<Float>,
  _ sums: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
) {
  // Four vectors of channels at a time, so that their sums, each of which waits for the one before, overlap.
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
}

/// See `KernelTable.Normalize`.
func normalize(
  _ x: UnsafePointer<Float>, _ stride: Int, _ pixels: Int, _ channels: Int, _ mean: UnsafePointer<Float>,
  _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, _ activate: Bool, _ out: UnsafeMutablePointer<Float>,
  _ outStride: Int
) {
  for p in 0..<pixels {
    let source = x + p * stride
    let target = out + p * outStride
    var c = 0
    while c < channels {
      // Some channels of pixels that lie far apart: the processor does not see that the next line is read next.
      if c % 16 == 0 { prefetch(source + pixels * stride + c) }
      let y = multiplyAdd(load(source + c) - load(mean + c), load(scale + c), load(shift + c))
      store(activate ? silu(y) : y, target + c)
      c += lanes
    }
  }
}
