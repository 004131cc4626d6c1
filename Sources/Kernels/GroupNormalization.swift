// Activations are channels-last: pixel p's channels lie at x + p · channels. The channel count of a normalised
// activation is a multiple of 32, so vectors never have a remainder.

/// See `KernelTable.ChannelMoments`.
func channelMoments(
  _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ centre: UnsafePointer<Float>,
  _ sums: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c < channels {
    let middle = load(centre + c)
    var sum = broadcast(0)
    var square = broadcast(0)
    var pixel = x + c
    for _ in 0..<pixels {
      let d = load(pixel) - middle
      sum += d
      square = multiplyAdd(d, d, square)
      pixel += channels
    }
    store(sum, sums + c)
    store(square, squares + c)
    c += lanes
  }
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
      let y = multiplyAdd(load(source + c) - load(mean + c), load(scale + c), load(shift + c))
      store(activate ? silu(y) : y, target + c)
      c += lanes
    }
  }
}
