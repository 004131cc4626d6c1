// The transposed transforms of Winograd's F(4×4, 3×3); WinogradF4.swift shows the matrices.

import KernelTable

private let a: Float = 0.707_106_781
private let b: Float = 1.414_213_56
private let s: Float = -2.0 / 3
private let t: Float = 1.0 / 6

/// A·y.
@inline(__always) private func transformOutput(
  _ y0: Vector, _ y1: Vector, _ y2: Vector, _ y3: Vector
) -> InlineArray<6, Vector> {
  // a² = ½ and b² = 2.
  let even1 = multiplyAdd(y2, broadcast(s / 2), y0 * broadcast(s))
  let odd1 = multiplyAdd(y3, broadcast(s * a / 2), y1 * broadcast(s * a))
  let even2 = multiplyAdd(y2, broadcast(2 * t), y0 * broadcast(t))
  let odd2 = multiplyAdd(y3, broadcast(2 * t * b), y1 * broadcast(t * b))
  return [y0, even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, y3]
}

/// Gᵀ·u.
@inline(__always) private func transformWeights(
  _ u0: Vector, _ u1: Vector, _ u2: Vector, _ u3: Vector, _ u4: Vector, _ u5: Vector
) -> InlineArray<3, Vector> {
  let (sum1, sum2) = (u1 + u2, u3 + u4)
  return [
    u0 + (sum1 + sum2),
    multiplyAdd(u1 - u2, broadcast(a), (u3 - u4) * broadcast(b)),
    multiplyAdd(sum2, broadcast(2), multiplyAdd(sum1, broadcast(0.5), u5)),
  ]
}

/// See `GradientKernels.Winograd.output`.
func winogradF4OutputGradient(
  _ pixels: KernelTable.Winograd.Pixels, _ channels: Int, _ out: KernelTable.Winograd.Points
) {
  var c = 0
  while c < channels {
    @inline(__always) func column(_ x: Int) -> InlineArray<6, Vector> {
      let (y, rowStride) = (pixels.start + x * pixels.pixelStride + c, pixels.rowStride)
      return transformOutput(load(y), load(y + rowStride), load(y + 2 * rowStride), load(y + 3 * rowStride))
    }
    let (c0, c1, c2, c3) = (column(0), column(1), column(2), column(3))
    let block = out.start + c / 16 * out.blockStride + c % 16
    for y in 0..<6 {
      let points = transformOutput(c0[unchecked: y], c1[unchecked: y], c2[unchecked: y], c3[unchecked: y])
      for x in 0..<6 { store(points[unchecked: x], block + (6 * y + x) * out.pointStride) }
    }
    c += lanes
  }
}

/// See `GradientKernels.Winograd.Weights`.
func winogradF4WeightGradient(
  _ points: KernelTable.Rows, _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>
) {
  var pair = 0
  while pair < 256 {
    let u = points.start + pair
    @inline(__always) func column(_ x: Int) -> InlineArray<3, Vector> {
      @inline(__always) func point(_ y: Int) -> Vector { load(u + (6 * y + x) * points.stride) }
      return transformWeights(point(0), point(1), point(2), point(3), point(4), point(5))
    }
    let (c0, c1, c2, c3, c4, c5) = (column(0), column(1), column(2), column(3), column(4), column(5))
    let target = out + pair / 16 * 9 * 16 + pair % 16
    for y in 0..<3 {
      let taps = transformWeights(
        c0[unchecked: y], c1[unchecked: y], c2[unchecked: y], c3[unchecked: y], c4[unchecked: y], c5[unchecked: y])
      for x in 0..<3 {
        let tap = target + (3 * y + x) * 16
        store(accumulate ? load(tap) + taps[unchecked: x] : taps[unchecked: x], tap)
      }
    }
    pair += lanes
  }
}
