// Backward through normalisation and SiLU.

/// f′(x) = σ(x)·(1 + x·(1 - σ(x))) for f = SiLU (Elfwing et al. 2017, eq. 3).
@inline(__always) private func siluSlope(_ x: Vector) -> Vector {
  let sigma = broadcast(1) / (broadcast(1) + exponential(broadcast(0) - x))
  return sigma * multiplyAdd(x, broadcast(1) - sigma, broadcast(1))
}

/// See `GradientKernels.SiLU`.
func siluGradient(
  _ x: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i + lanes <= count {
    store(load(gradient + i) * siluSlope(load(x + i)), out + i)
    i += lanes
  }
  let rest = count - i
  store(
    load(gradient + i, first: rest, fill: 0) * siluSlope(load(x + i, first: rest, fill: 0)), out + i, first: rest)
}

/// See `GradientKernels.NormalizeMoments`.
func normalizeMoments(
  _ x: UnsafePointer<Float>, _ stride: Int, _ pixels: Int, _ channels: Int, _ mean: UnsafePointer<Float>,
  _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, _ activate: Bool,
  _ gradient: UnsafeMutablePointer<Float>, _ gradientStride: Int, _ sums: UnsafeMutablePointer<Float>,
  _ products: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c < channels {
    let (middle, factor, offset) = (load(mean + c), load(scale + c), load(shift + c))
    var (sum, product) = (broadcast(0), broadcast(0))
    var (pixel, target) = (x + c, gradient + c)
    for _ in 0..<pixels {
      let d = load(pixel) - middle
      var dz = load(target)
      if activate {
        dz *= siluSlope(multiplyAdd(d, factor, offset))
        store(dz, target)
      }
      sum += dz
      product = multiplyAdd(dz, d, product)
      pixel += stride
      target += gradientStride
    }
    store(sum, sums + c)
    store(product, products + c)
    c += lanes
  }
}

/// See `GradientKernels.NormalizeInput`.
func normalizeInput(
  _ x: UnsafePointer<Float>, _ stride: Int, _ pixels: Int, _ channels: Int, _ mean: UnsafePointer<Float>,
  _ scale: UnsafePointer<Float>, _ slope: UnsafePointer<Float>, _ offset: UnsafePointer<Float>,
  _ gradient: UnsafePointer<Float>, _ gradientStride: Int, _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>
) {
  for p in 0..<pixels {
    let (source, dz, target) = (x + p * stride, gradient + p * gradientStride, out + p * stride)
    var c = 0
    while c < channels {
      let start = accumulate ? load(target + c) + load(offset + c) : load(offset + c)
      let centred = multiplyAdd(load(source + c) - load(mean + c), load(slope + c), start)
      store(multiplyAdd(load(dz + c), load(scale + c), centred), target + c)
      c += lanes
    }
  }
}
