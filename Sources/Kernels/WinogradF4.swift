// Winograd's minimal filtering F(4×4, 3×3) (Lavin & Gray 2016), for one tile and as many channels as a vector holds at a
// time. The points are 0, ±√½, ±√2 and ∞: their error is half that of the usual 0, ±1, ±2, ∞.
//
// With a = √½ and b = √2, so that a·b = 1, one dimension of each transform is:
//
//        ⎡ 1   0  -5/2   0    1   0 ⎤        ⎡   1     0    0  ⎤         ⎡ 1  1   1   1   1   0 ⎤
//        ⎢ 0 -2a   -2    a    1   0 ⎥        ⎢ -2/3 -2a/3 -1/3 ⎥         ⎢ 0  a  -a   b  -b   0 ⎥
//   Bᵀ = ⎢ 0  2a   -2   -a    1   0 ⎥    G = ⎢ -2/3  2a/3 -1/3 ⎥    Aᵀ = ⎢ 0  ½   ½   2   2   0 ⎥
//        ⎢ 0 -b/2  -½    b    1   0 ⎥        ⎢  1/6   b/6  1/3 ⎥         ⎣ 0  a³ -a³  b³ -b³  1 ⎦
//        ⎢ 0  b/2  -½   -b    1   0 ⎥        ⎢  1/6  -b/6  1/3 ⎥
//        ⎣ 0   1    0  -5/2   0   1 ⎦        ⎣   0     0    1  ⎦

private let a: Float = 0.707_106_781
private let b: Float = 1.414_213_56

/// Bᵀ·d.
@inline(__always) private func transformInput(
  _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ d5: Vector
) -> InlineArray<6, Vector> {
  let even1 = multiplyAdd(d2, broadcast(-2), d4)
  let odd1 = multiplyAdd(d1, broadcast(-2), d3)
  let even2 = multiplyAdd(d2, broadcast(-0.5), d4)
  let odd2 = multiplyAdd(d1, broadcast(-0.5), d3)
  return [
    multiplyAdd(d2, broadcast(-2.5), d0 + d4),
    multiplyAdd(odd1, broadcast(a), even1),
    multiplyAdd(odd1, broadcast(-a), even1),
    multiplyAdd(odd2, broadcast(b), even2),
    multiplyAdd(odd2, broadcast(-b), even2),
    multiplyAdd(d3, broadcast(-2.5), d1 + d5),
  ]
}

/// G·g.
@inline(__always) private func transformWeights(_ g0: Vector, _ g1: Vector, _ g2: Vector) -> InlineArray<6, Vector> {
  let even1 = multiplyAdd(g2, broadcast(-1.0 / 3), g0 * broadcast(-2.0 / 3))
  let even2 = multiplyAdd(g2, broadcast(1.0 / 3), g0 * broadcast(1.0 / 6))
  return [
    g0,
    multiplyAdd(g1, broadcast(-2 * a / 3), even1),
    multiplyAdd(g1, broadcast(2 * a / 3), even1),
    multiplyAdd(g1, broadcast(b / 6), even2),
    multiplyAdd(g1, broadcast(-b / 6), even2),
    g2,
  ]
}

/// Aᵀ·m.
@inline(__always) private func transformOutput(
  _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector, _ m5: Vector
) -> InlineArray<4, Vector> {
  let (sum1, difference1) = (m1 + m2, m1 - m2)
  let (sum2, difference2) = (m3 + m4, m3 - m4)
  return [
    m0 + sum1 + sum2,
    multiplyAdd(difference1, broadcast(a), difference2 * broadcast(b)),
    multiplyAdd(sum1, broadcast(0.5), sum2 * broadcast(2)),
    multiplyAdd(difference1, broadcast(a / 2), multiplyAdd(difference2, broadcast(2 * b), m5)),
  ]
}

/// See `KernelTable.Winograd.Input`.
func winogradF4Input(
  _ pixels: UnsafePointer<Float>, _ rowStride: Int, _ pixelStride: Int, _ channels: Int,
  _ out: UnsafeMutablePointer<Float>, _ pointStride: Int
) {
  var c = 0
  while c < channels {
    // Bᵀ·d column by column, then (Bᵀ·d)·B row by row.
    @inline(__always) func column(_ x: Int) -> InlineArray<6, Vector> {
      let d = pixels + x * pixelStride + c
      return transformInput(
        load(d), load(d + rowStride), load(d + 2 * rowStride), load(d + 3 * rowStride), load(d + 4 * rowStride),
        load(d + 5 * rowStride))
    }
    let (c0, c1, c2, c3, c4, c5) = (column(0), column(1), column(2), column(3), column(4), column(5))
    let block = out + c / 16 * 36 * pointStride + c % 16
    for y in 0..<6 {
      let t = transformInput(
        c0[unchecked: y], c1[unchecked: y], c2[unchecked: y], c3[unchecked: y], c4[unchecked: y], c5[unchecked: y])
      for x in 0..<6 { store(t[unchecked: x], block + (6 * y + x) * pointStride) }
    }
    c += lanes
  }
}

/// See `KernelTable.Winograd.Weights`.
func winogradF4Weights(
  _ panel: UnsafePointer<Float>, _ depth: Int, _ out: UnsafeMutablePointer<Float>, _ pointStride: Int
) {
  for k in 0..<depth {
    for half in 0..<2 {
      let g = panel + k * 9 * tileColumns + half * lanes
      let target = out + k * tileColumns + half * lanes
      @inline(__always) func column(_ x: Int) -> InlineArray<6, Vector> {
        transformWeights(
          load(g + x * tileColumns), load(g + (3 + x) * tileColumns), load(g + (6 + x) * tileColumns))
      }
      let (c0, c1, c2) = (column(0), column(1), column(2))
      for y in 0..<6 {
        let t = transformWeights(c0[unchecked: y], c1[unchecked: y], c2[unchecked: y])
        for x in 0..<6 { store(t[unchecked: x], target + (6 * y + x) * pointStride) }
      }
    }
  }
}

/// See `KernelTable.Winograd.Output`.
func winogradF4Output(
  _ products: UnsafePointer<Float>, _ pointStride: Int, _ bias: UnsafePointer<Float>,
  _ residual: UnsafePointer<Float>?, _ out: UnsafeMutablePointer<Float>, _ rowStride: Int, _ pixelStride: Int,
  _ rows: Int, _ columnCount: Int
) {
  for half in 0..<2 {
    let m = products + half * lanes
    @inline(__always) func column(_ x: Int) -> InlineArray<4, Vector> {
      transformOutput(
        load(m + x * pointStride), load(m + (6 + x) * pointStride), load(m + (12 + x) * pointStride),
        load(m + (18 + x) * pointStride), load(m + (24 + x) * pointStride), load(m + (30 + x) * pointStride))
    }
    let (c0, c1, c2, c3, c4, c5) = (column(0), column(1), column(2), column(3), column(4), column(5))
    let bias = load(bias + half * lanes)
    for y in 0..<4 where y < rows {
      let t = transformOutput(
        c0[unchecked: y], c1[unchecked: y], c2[unchecked: y], c3[unchecked: y], c4[unchecked: y], c5[unchecked: y])
      let offset = y * rowStride + half * lanes
      for x in 0..<4 where x < columnCount {
        var value = t[unchecked: x] + bias
        if let residual { value += load(residual + offset + x * pixelStride) }
        store(value, out + offset + x * pixelStride)
      }
    }
  }
}
