// Backward passes of normalisation and SiLU.

import KernelTable

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
  _ x: KernelTable.Rows, _ pixels: Int, _ channels: Int, _ affine: KernelTable.ChannelAffine, _ activate: Bool,
  _ gradient: KernelTable.MutableRows, _ sums: GradientKernels.ChannelSums
) {
  var c = 0
  while c < channels {
    let (mean, scale, shift) = (load(affine.mean + c), load(affine.scale + c), load(affine.shift + c))
    var (sum, product) = (broadcast(0), broadcast(0))
    var (pixel, target) = (x.start + c, gradient.start + c)
    for _ in 0..<pixels {
      let d = load(pixel) - mean
      var dz = load(target)
      if activate {
        dz *= siluSlope(multiplyAdd(d, scale, shift))
        store(dz, target)
      }
      sum += dz
      product = multiplyAdd(dz, d, product)
      pixel += x.stride
      target += gradient.stride
    }
    store(sum, sums.sums + c)
    store(product, sums.products + c)
    c += lanes
  }
}

/// See `GradientKernels.NormalizeInput`.
func normalizeInput(
  _ x: KernelTable.Rows, _ pixels: Int, _ channels: Int, _ terms: GradientKernels.InputTerms, _ dz: KernelTable.Rows,
  _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>
) {
  for p in 0..<pixels {
    let (source, gradient, target) = (x.start + p * x.stride, dz.start + p * dz.stride, out + p * x.stride)
    var c = 0
    while c < channels {
      let start = accumulate ? load(target + c) + load(terms.offset + c) : load(terms.offset + c)
      let centred = multiplyAdd(load(source + c) - load(terms.mean + c), load(terms.slope + c), start)
      store(multiplyAdd(load(gradient + c), load(terms.scale + c), centred), target + c)
      c += lanes
    }
  }
}
