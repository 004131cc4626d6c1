// Winograd's minimal filtering F(4×4, 3×3) (Lavin & Gray 2016), for one tile and one vector of channels at a time. The
// points are 0, ±√½, ±√2 and ∞: their error is half that of the usual 0, ±1, ±2, ∞.
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
// The factors s = -2/3 and t = 1/6 are usually in G. In Aᵀ they are free, since every term there has a factor anyway.

import CDiffusionProcessor
import KernelTable

private let a: Float = 0.707_106_781
private let b: Float = 1.414_213_56
private let s: Float = -2.0 / 3
private let t: Float = 1.0 / 6

/// Row 0 of Bᵀ·d, and row 5 of d1 to d5 moved up by one.
@inline(__always) private func outerRow(_ d0: Vector, _ d2: Vector, _ d4: Vector) -> Vector {
  multiplyAdd(d2, broadcast(-2.5), d0 + d4)
}

/// Rows 1 and 2 of Bᵀ·d, or 3 and 4.
@inline(__always) private func innerRows(
  _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ minus: Float, _ factor: Float
) -> (Vector, Vector) {
  let even = multiplyAdd(d2, broadcast(minus), d4)
  let odd = multiplyAdd(d1, broadcast(minus), d3)
  return (multiplyAdd(odd, broadcast(factor), even), multiplyAdd(odd, broadcast(-factor), even))
}

/// Calls `body` with each row of G·g.
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

/// Rows 0 and 2 of Aᵀ·m.
@inline(__always) private func evenRows(
  _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector
) -> (Vector, Vector) {
  let (sum1, sum2) = (m1 + m2, m3 + m4)
  return (
    multiplyAdd(sum2, broadcast(t), multiplyAdd(sum1, broadcast(s), m0)),
    multiplyAdd(sum1, broadcast(s / 2), sum2 * broadcast(2 * t))
  )
}

/// Rows 1 and 3 of Aᵀ·m.
@inline(__always) private func oddRows(
  _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector, _ m5: Vector
) -> (Vector, Vector) {
  let (difference1, difference2) = (m1 - m2, m3 - m4)
  return (
    multiplyAdd(difference1, broadcast(s * a), difference2 * broadcast(t * b)),
    multiplyAdd(difference1, broadcast(s * a / 2), multiplyAdd(difference2, broadcast(2 * t * b), m5))
  )
}

/// See `KernelTable.Winograd.Input`.
func winogradF4Input(
  _ pixels: KernelTable.Winograd.Pixels, _ channels: Int, _ out: KernelTable.Winograd.Points
) {
  // A stride known to the compiler needs no registers.
  if pixels.pixelStride == 32 {
    transformInput(pixels.start, rowStride: pixels.rowStride, pixelStride: 32, channels, out)
  } else {
    transformInput(pixels.start, rowStride: pixels.rowStride, pixelStride: 16, channels, out)
  }
}

/// Bᵀ·d·B, one or two rows at a time, from pixels that are read again: all rows of Bᵀ·d would not fit into registers.
@inline(__always) private func transformInput(
  _ pixels: UnsafePointer<Float>, rowStride: Int, pixelStride: Int, _ channels: Int, _ out: KernelTable.Winograd.Points
) {
  var c = 0
  while c < channels {
    // Two addresses and a stride lead to six lines.
    let (upper, lower) = (pixels + c, pixels + c + 3 * rowStride)
    @inline(__always) func pixel(_ y: Int, _ x: Int) -> Vector {
      load((y < 3 ? upper + y * rowStride : lower + (y - 3) * rowStride) + x * pixelStride)
    }
    var row = out.start + c / 16 * out.blockStride + c % 16
    @inline(__always) func write(
      _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ d5: Vector
    ) {
      let right = row + 3 * out.pointStride
      let (first, second) = (innerRows(d1, d2, d3, d4, -2, a), innerRows(d1, d2, d3, d4, -0.5, b))
      store(outerRow(d0, d2, d4), row)
      store(first.0, row + out.pointStride)
      store(first.1, row + 2 * out.pointStride)
      store(second.0, right)
      store(second.1, right + out.pointStride)
      store(outerRow(d1, d3, d5), right + 2 * out.pointStride)
      row = right + 3 * out.pointStride
    }
    @inline(__always) func writeOuter(_ first: Int) {
      @inline(__always) func column(_ x: Int) -> Vector {
        outerRow(pixel(first, x), pixel(first + 2, x), pixel(first + 4, x))
      }
      write(column(0), column(1), column(2), column(3), column(4), column(5))
    }
    @inline(__always) func writeInner(_ minus: Float, _ factor: Float) {
      @inline(__always) func column(_ x: Int) -> (Vector, Vector) {
        innerRows(pixel(1, x), pixel(2, x), pixel(3, x), pixel(4, x), minus, factor)
      }
      let (c0, c1, c2, c3, c4, c5) = (column(0), column(1), column(2), column(3), column(4), column(5))
      write(c0.0, c1.0, c2.0, c3.0, c4.0, c5.0)
      write(c0.1, c1.1, c2.1, c3.1, c4.1, c5.1)
    }
    writeOuter(0)
    writeInner(-2, a)
    writeInner(-0.5, b)
    writeOuter(1)
    c += lanes
  }
}

/// See `KernelTable.Winograd.Weights`.
func winogradF4Weights(
  _ panel: UnsafePointer<Float>, _ depth: Int, _ points: Range<Int>, _ out: KernelTable.MutableRows,
  _ ahead: KernelTable.Prefetch
) {
  // Half a channel's columns at a time, in a single loop: an inner loop over halves would be unrolled, and need an
  // address for each of 72 stores.
  for half in 0..<2 * depth {
    if half % 2 == 0 { fetch(ahead.start + half / 2 * ahead.lines * 16, ahead.lines * 16) }
    let g = panel + half / 2 * 9 * tileColumns + half % 2 * lanes
    let target = out.start + half * lanes - points.lowerBound * out.stride
    @inline(__always) func tap(_ t: Int) -> Vector { load(g + t * tileColumns) }
    /// Row y of G·g·Gᵀ, from row y of G·g.
    @inline(__always) func write(_ y: Int, _ g0: Vector, _ g1: Vector, _ g2: Vector) {
      let row = target + 6 * y * out.stride
      forTransformedWeights(g0, g1, g2) { x, weights in store(weights, row + x * out.stride) }
    }
    // Two rows at a time, which share their even part: then the taps, read again from the L1 cache, and all
    // intermediate results fit into registers.
    @inline(__always) func writePair(_ y: Int, odd: Float, even: Float) {
      @inline(__always) func column(_ x: Int) -> (Vector, Vector) {
        let evenPart = multiplyAdd(tap(6 + x), broadcast(even), tap(x))
        return (multiplyAdd(tap(3 + x), broadcast(odd), evenPart), multiplyAdd(tap(3 + x), broadcast(-odd), evenPart))
      }
      let (c0, c1, c2) = (column(0), column(1), column(2))
      write(y, c0.0, c1.0, c2.0)
      write(y + 1, c0.1, c1.1, c2.1)
    }
    if points.contains(0) { write(0, tap(0), tap(1), tap(2)) }
    if points.contains(6) { writePair(1, odd: a, even: 0.5) }
    if points.contains(18) { writePair(3, odd: b, even: 2) }
    if points.contains(30) { write(5, tap(6), tap(7), tap(8)) }
  }
}

/// See `KernelTable.Winograd.Output`.
func winogradF4Output(
  _ products: KernelTable.Rows, _ bias: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?,
  _ out: KernelTable.Winograd.MutablePixels, _ rows: Int, _ columnCount: Int
) {
  let (pointStride, rowStride, pixelStride) = (products.stride, out.rowStride, out.pixelStride)
  fetchNextTile(products.start, pointStride, residual, out.start, rowStride, pixelStride)
  for first in stride(from: 0, to: tileColumns, by: lanes) {
    let (products, bias, target) = (products.start + first, load(bias + first), out.start + first)
    // Most tiles are whole and need no bounds checks.
    if rows < 4 || columnCount < 4 {
      writePart(
        products, pointStride, bias, residual.map { $0 + first }, target, rowStride, pixelStride, rows, columnCount)
    } else if let residual {
      writeWhole(products, pointStride, bias, adding: residual + first, target, rowStride, pixelStride)
    } else {
      writeWhole(products, pointStride, bias, target, rowStride, pixelStride)
    }
  }
}

/// Prefetches what the tile to the right will read and write: it is scattered over too many cache lines for the
/// hardware to foresee.
@inline(__always) private func fetchNextTile(
  _ products: UnsafePointer<Float>, _ pointStride: Int, _ residual: UnsafePointer<Float>?,
  _ out: UnsafeMutablePointer<Float>, _ rowStride: Int, _ pixelStride: Int
) {
  for point in 0..<36 { prefetchNear(products + point * pointStride + tileColumns) }
  for y in 0..<4 {
    for x in 4..<8 { prefetchNear(out + y * rowStride + x * pixelStride) }
  }
  guard let residual else { return }
  for y in 0..<4 {
    for x in 4..<8 { prefetchNear(residual + y * rowStride + x * pixelStride) }
  }
}

// Functions of their own, to keep addresses in registers: inlined, the compiler would compute the addresses of all uses
// in advance and spill them. (Private functions would be weak symbols.)

@inline(never) func writeWhole(
  _ products: UnsafePointer<Float>, _ pointStride: Int, _ bias: Vector, _ out: UnsafeMutablePointer<Float>,
  _ rowStride: Int, _ pixelStride: Int
) {
  transformOutput(products, pointStride) { y, x, value in store(value + bias, out + y * rowStride + x * pixelStride) }
}

@inline(never) func writeWhole(
  _ products: UnsafePointer<Float>, _ pointStride: Int, _ bias: Vector, adding residual: UnsafePointer<Float>,
  _ out: UnsafeMutablePointer<Float>, _ rowStride: Int, _ pixelStride: Int
) {
  transformOutput(products, pointStride) { y, x, value in
    let offset = y * rowStride + x * pixelStride
    store(value + bias + load(residual + offset), out + offset)
  }
}

@inline(never) func writePart(
  _ products: UnsafePointer<Float>, _ pointStride: Int, _ bias: Vector, _ residual: UnsafePointer<Float>?,
  _ out: UnsafeMutablePointer<Float>, _ rowStride: Int, _ pixelStride: Int, _ rows: Int, _ columnCount: Int
) {
  transformOutput(products, pointStride) { y, x, value in
    if y >= rows || x >= columnCount { return }
    let offset = y * rowStride + x * pixelStride
    var value = value + bias
    if let residual { value += load(residual + offset) }
    store(value, out + offset)
  }
}

/// Aᵀ·m·A. Two columns of m·A at a time, from products that are read again: all four would not fit into registers.
@inline(__always) private func transformOutput(
  _ products: UnsafePointer<Float>, _ pointStride: Int, _ write: (_ y: Int, _ x: Int, _ value: Vector) -> Void
) {
  @inline(__always) func product(_ y: Int, _ x: Int) -> Vector { load(products + (6 * y + x) * pointStride) }
  @inline(__always) func writeColumn(
    _ x: Int, _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector, _ m5: Vector
  ) {
    let (y0, y2) = evenRows(m0, m1, m2, m3, m4)
    let (y1, y3) = oddRows(m1, m2, m3, m4, m5)
    write(0, x, y0)
    write(1, x, y1)
    write(2, x, y2)
    write(3, x, y3)
  }
  @inline(__always) func even(_ y: Int) -> (Vector, Vector) {
    evenRows(product(y, 0), product(y, 1), product(y, 2), product(y, 3), product(y, 4))
  }
  let (e0, e1, e2, e3, e4, e5) = (even(0), even(1), even(2), even(3), even(4), even(5))
  writeColumn(0, e0.0, e1.0, e2.0, e3.0, e4.0, e5.0)
  writeColumn(2, e0.1, e1.1, e2.1, e3.1, e4.1, e5.1)
  @inline(__always) func odd(_ y: Int) -> (Vector, Vector) {
    oddRows(product(y, 1), product(y, 2), product(y, 3), product(y, 4), product(y, 5))
  }
  let (o0, o1, o2, o3, o4, o5) = (odd(0), odd(1), odd(2), odd(3), odd(4), odd(5))
  writeColumn(1, o0.0, o1.0, o2.0, o3.0, o4.0, o5.0)
  writeColumn(3, o0.1, o1.1, o2.1, o3.1, o4.1, o5.1)
}
