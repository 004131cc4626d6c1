// The transposed transforms of Winograd's F(2×2, 3×3); WinogradF2.swift shows the matrices.

import KernelTable

/// A·y.
@inline(__always) private func transformOutput(_ y0: Vector, _ y1: Vector) -> InlineArray<4, Vector> {
  [y0, (y0 + y1) * broadcast(0.5), (y0 - y1) * broadcast(0.5), y1]
}

/// Gᵀ·u.
@inline(__always) private func transformWeights(
  _ u0: Vector, _ u1: Vector, _ u2: Vector, _ u3: Vector
) -> InlineArray<3, Vector> {
  let sum = u1 + u2
  return [u0 + sum, u1 - u2, sum + u3]
}

/// See `GradientKernels.Winograd.output`.
func winogradF2OutputGradient(
  _ pixels: KernelTable.Winograd.Pixels, _ channels: Int, _ out: KernelTable.Winograd.Points
) {
  var c = 0
  while c < channels {
    @inline(__always) func column(_ x: Int) -> InlineArray<4, Vector> {
      let (y, rowStride) = (pixels.start + x * pixels.pixelStride + c, pixels.rowStride)
      return transformOutput(load(y), load(y + rowStride))
    }
    let (c0, c1) = (column(0), column(1))
    let block = out.start + c / 16 * out.blockStride + c % 16
    for y in 0..<4 {
      let points = transformOutput(c0[unchecked: y], c1[unchecked: y])
      for x in 0..<4 { store(points[unchecked: x], block + (4 * y + x) * out.pointStride) }
    }
    c += lanes
  }
}

/// See `GradientKernels.Winograd.Weights`.
func winogradF2WeightGradient(
  _ points: KernelTable.Rows, _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>
) {
  var pair = 0
  while pair < 256 {
    let u = points.start + pair
    @inline(__always) func column(_ x: Int) -> InlineArray<3, Vector> {
      @inline(__always) func point(_ y: Int) -> Vector { load(u + (4 * y + x) * points.stride) }
      return transformWeights(point(0), point(1), point(2), point(3))
    }
    let (c0, c1, c2, c3) = (column(0), column(1), column(2), column(3))
    let target = out + pair / 16 * 9 * 16 + pair % 16
    for y in 0..<3 {
      let taps = transformWeights(c0[unchecked: y], c1[unchecked: y], c2[unchecked: y], c3[unchecked: y])
      for x in 0..<3 {
        let tap = target + (3 * y + x) * 16
        store(accumulate ? load(tap) + taps[unchecked: x] : taps[unchecked: x], tap)
      }
    }
    pair += lanes
  }
}
