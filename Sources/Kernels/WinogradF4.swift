// Winograd's minimal filtering F(4×4, 3×3) (Lavin & Gray 2016), for one tile and as many channels as a vector holds at a
// time. The points are 0, ±√½, ±√2 and ∞: their error is half that of the usual 0, ±1, ±2, ∞.
//
// With a = √½ and b = √2, so that a·b = 1, one dimension of each transform is:
//
//        ⎡ 1   0  -5/2   0    1   0 ⎤        ⎡ 1  0  0 ⎤         ⎡ 1   s   s    t    t    0 ⎤
//        ⎢ 0 -2a   -2    a    1   0 ⎥        ⎢ 1  a  ½ ⎥         ⎢ 0  sa  -sa  tb   -tb   0 ⎥
//   Bᵀ = ⎢ 0  2a   -2   -a    1   0 ⎥    G = ⎢ 1 -a  ½ ⎥    Aᵀ = ⎢ 0  s/2  s/2 2t    2t   0 ⎥
//        ⎢ 0 -b/2  -½    b    1   0 ⎥        ⎢ 1  b  2 ⎥         ⎣ 0 sa³ -sa³  tb³ -tb³  1 ⎦
//        ⎢ 0  b/2  -½   -b    1   0 ⎥        ⎢ 1 -b  2 ⎥
//        ⎣ 0   1    0  -5/2   0   1 ⎦        ⎣ 0  0  1 ⎦
//
// Usually the factors s = -2/3 and t = 1/6 stand in G. In Aᵀ they cost nothing, as there every term has a factor anyway.

private let a: Float = 0.707_106_781
private let b: Float = 1.414_213_56
private let s: Float = -2.0 / 3
private let t: Float = 1.0 / 6

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

/// G·g, and what becomes of each row of it.
@inline(__always) private func forTransformedWeights(
  _ g0: Vector, _ g1: Vector, _ g2: Vector, _ body: (_ row: Int, _ weights: Vector) -> Void
) {
  let even1 = multiplyAdd(g2, broadcast(0.5), g0)
  let even2 = multiplyAdd(g2, broadcast(2), g0)
  body(0, g0)
  body(1, multiplyAdd(g1, broadcast(a), even1))
  body(2, multiplyAdd(g1, broadcast(-a), even1))
  body(3, multiplyAdd(g1, broadcast(b), even2))
  body(4, multiplyAdd(g1, broadcast(-b), even2))
  body(5, g2)
}

/// Aᵀ·m.
@inline(__always) private func transformOutput(
  _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector, _ m5: Vector
) -> InlineArray<4, Vector> {
  let (sum1, difference1) = (m1 + m2, m1 - m2)
  let (sum2, difference2) = (m3 + m4, m3 - m4)
  return [
    multiplyAdd(sum2, broadcast(t), multiplyAdd(sum1, broadcast(s), m0)),
    multiplyAdd(difference1, broadcast(s * a), difference2 * broadcast(t * b)),
    multiplyAdd(sum1, broadcast(s / 2), sum2 * broadcast(2 * t)),
    multiplyAdd(difference1, broadcast(s * a / 2), multiplyAdd(difference2, broadcast(2 * t * b), m5)),
  ]
}

/// See `KernelTable.Winograd.Input`.
func winogradF4Input(
  _ pixels: UnsafePointer<Float>, _ rowStride: Int, _ pixelStride: Int, _ channels: Int,
  _ out: UnsafeMutablePointer<Float>, _ pointStride: Int, _ blockStride: Int
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
    let block = out + c / 16 * blockStride + c % 16
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
      @inline(__always) func tap(_ t: Int) -> Vector { load(g + t * tileColumns) }
      /// Row y of G·g·Gᵀ, from row y of G·g.
      @inline(__always) func write(_ y: Int, _ g0: Vector, _ g1: Vector, _ g2: Vector) {
        forTransformedWeights(g0, g1, g2) { x, weights in store(weights, target + (6 * y + x) * pointStride) }
      }
      // Two rows at a time, whose even parts are the same: the taps, read anew from the nearest cache, and all that comes of
      // them fit into registers.
      @inline(__always) func writePair(_ y: Int, odd: Float, even: Float) {
        @inline(__always) func column(_ x: Int) -> (Vector, Vector) {
          let evenPart = multiplyAdd(tap(6 + x), broadcast(even), tap(x))
          return (
            multiplyAdd(tap(3 + x), broadcast(odd), evenPart), multiplyAdd(tap(3 + x), broadcast(-odd), evenPart)
          )
        }
        let (c0, c1, c2) = (column(0), column(1), column(2))
        write(y, c0.0, c1.0, c2.0)
        write(y + 1, c0.1, c1.1, c2.1)
      }
      write(0, tap(0), tap(1), tap(2))
      writePair(1, odd: a, even: 0.5)
      writePair(3, odd: b, even: 2)
      write(5, tap(6), tap(7), tap(8))
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
