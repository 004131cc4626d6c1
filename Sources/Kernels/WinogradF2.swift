// Winograd's minimal filtering F(2×2, 3×3) (Lavin & Gray 2016, §4.1), for one tile and one vector of channels at a
// time; used for pictures so small that the transforms of F(4×4, 3×3) would not pay. With the points 0, ±1 and ∞:
//
//        ⎡ 1  0 -1  0 ⎤        ⎡ 1  0  0 ⎤
//   Bᵀ = ⎢ 0  1  1  0 ⎥    G = ⎢ 1  1  1 ⎥    Aᵀ = ⎡ 1  ½  ½  0 ⎤
//        ⎢ 0 -1  1  0 ⎥        ⎢ 1 -1  1 ⎥         ⎣ 0  ½ -½  1 ⎦
//        ⎣ 0 -1  0  1 ⎦        ⎣ 0  0  1 ⎦
//
// The factors ½ are usually in G, which transforms more numbers.

import KernelTable

/// Bᵀ·d.
@inline(__always) private func transformInput(
  _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector
) -> InlineArray<4, Vector> {
  [d0 - d2, d1 + d2, d2 - d1, d3 - d1]
}

/// G·g.
@inline(__always) private func transformWeights(_ g0: Vector, _ g1: Vector, _ g2: Vector) -> InlineArray<4, Vector> {
  let even = g0 + g2
  return [g0, even + g1, even - g1, g2]
}

/// Aᵀ·m.
@inline(__always) private func transformOutput(
  _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector
) -> InlineArray<2, Vector> {
  [multiplyAdd(m1 + m2, broadcast(0.5), m0), multiplyAdd(m1 - m2, broadcast(0.5), m3)]
}

/// See `KernelTable.Winograd.Input`.
func winogradF2Input(
  _ pixels: KernelTable.Winograd.Pixels, _ channels: Int, _ out: KernelTable.Winograd.Points
) {
  var c = 0
  while c < channels {
    @inline(__always) func column(_ x: Int) -> InlineArray<4, Vector> {
      let (d, rowStride) = (pixels.start + x * pixels.pixelStride + c, pixels.rowStride)
      return transformInput(load(d), load(d + rowStride), load(d + 2 * rowStride), load(d + 3 * rowStride))
    }
    let (c0, c1, c2, c3) = (column(0), column(1), column(2), column(3))
    let block = out.start + c / 16 * out.blockStride + c % 16
    for y in 0..<4 {
      let t = transformInput(c0[unchecked: y], c1[unchecked: y], c2[unchecked: y], c3[unchecked: y])
      for x in 0..<4 { store(t[unchecked: x], block + (4 * y + x) * out.pointStride) }
    }
    c += lanes
  }
}

/// See `KernelTable.Winograd.Weights`. There is one part: the points are always all of them.
func winogradF2Weights(
  _ panel: UnsafePointer<Float>, _ depth: Int, _ points: Range<Int>, _ out: KernelTable.MutableRows,
  _ ahead: KernelTable.Prefetch
) {
  for k in 0..<depth {
    fetch(ahead.start + k * ahead.lines * 16, ahead.lines * 16)
    for half in 0..<2 {
      let g = panel + k * 9 * tileColumns + half * lanes
      let target = out.start + k * tileColumns + half * lanes
      @inline(__always) func column(_ x: Int) -> InlineArray<4, Vector> {
        transformWeights(
          load(g + x * tileColumns), load(g + (3 + x) * tileColumns), load(g + (6 + x) * tileColumns))
      }
      let (c0, c1, c2) = (column(0), column(1), column(2))
      for y in 0..<4 {
        let t = transformWeights(c0[unchecked: y], c1[unchecked: y], c2[unchecked: y])
        for x in 0..<4 { store(t[unchecked: x], target + (4 * y + x) * out.stride) }
      }
    }
  }
}

/// See `KernelTable.Winograd.Output`.
func winogradF2Output(
  _ products: KernelTable.Rows, _ bias: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?,
  _ out: KernelTable.Winograd.MutablePixels, _ rows: Int, _ columnCount: Int
) {
  for half in 0..<2 {
    let (m, pointStride) = (products.start + half * lanes, products.stride)
    @inline(__always) func column(_ x: Int) -> InlineArray<2, Vector> {
      transformOutput(
        load(m + x * pointStride), load(m + (4 + x) * pointStride), load(m + (8 + x) * pointStride),
        load(m + (12 + x) * pointStride))
    }
    let (c0, c1, c2, c3) = (column(0), column(1), column(2), column(3))
    let bias = load(bias + half * lanes)
    for y in 0..<2 where y < rows {
      let t = transformOutput(c0[unchecked: y], c1[unchecked: y], c2[unchecked: y], c3[unchecked: y])
      let offset = y * out.rowStride + half * lanes
      for x in 0..<2 where x < columnCount {
        var value = t[unchecked: x] + bias
        if let residual { value += load(residual + offset + x * out.pixelStride) }
        store(value, out.start + offset + x * out.pixelStride)
      }
    }
  }
}
