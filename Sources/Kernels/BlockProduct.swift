import CDiffusionProcessor

/// See `GradientKernels.BlockProduct`.
func blockProduct(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ second: Int, _ count: Int, _ ahead: Int,
  _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ secondOut: Int
) {
  #if KERNELS_AVX512
    // A vector holds a block. Of two blocks half the rows at a time: sixteen sums, for which ten numbers are read each time.
    if second != 0 {
      for half in 0..<2 {
        let target = out + half * 8 * outStride
        var left = InlineArray<8, Vector> { _ in broadcast(0) }
        var right = left
        if accumulate {
          for r in 0..<8 {
            left[unchecked: r] = load(target + r * outStride)
            right[unchecked: r] = load(target + secondOut + r * outStride)
          }
        }
        var (factors, row) = (a + half * 8, b)
        for _ in 0..<count {
          let (leftRow, rightRow) = (load(row), load(row + second))
          if half == 0 {
            prefetchNear(factors + ahead)
          } else {
            prefetchNear(row + ahead)
            prefetchNear(row + second + ahead)
          }
          for r in 0..<8 {
            let x = broadcast(factors[r])
            left[unchecked: r] = multiplyAdd(x, leftRow, left[unchecked: r])
            right[unchecked: r] = multiplyAdd(x, rightRow, right[unchecked: r])
          }
          factors += 16
          row += 16
        }
        for r in 0..<8 {
          store(left[unchecked: r], target + r * outStride)
          store(right[unchecked: r], target + secondOut + r * outStride)
        }
      }
      return
    }
    var sums = InlineArray<16, Vector> { _ in broadcast(0) }
    if accumulate {
      for r in 0..<16 { sums[unchecked: r] = load(out + r * outStride) }
    }
    for t in 0..<count {
      let row = load(b + 16 * t)
      for r in 0..<16 { sums[unchecked: r] = multiplyAdd(broadcast(a[16 * t + r]), row, sums[unchecked: r]) }
    }
    for r in 0..<16 { store(sums[unchecked: r], out + r * outStride) }
  #else
    // Tiles of the matrix product's width, whose rows divide a block.
    @inline(__always) func tile<let rows: Int>(
      _ start: Sums<rows>, _ first: Int, _ block: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) {
      var sums = start
      let target = target + first * outStride
      if accumulate { sums.read(target, outStride) }
      var (left, right) = (a + first, block)
      for _ in 0..<count {
        let (leftRow, rightRow) = (load(right), load(right + lanes))
        for r in 0..<rows {
          let x = broadcast(left[r])
          sums.left[unchecked: r] = multiplyAdd(x, leftRow, sums.left[unchecked: r])
          sums.right[unchecked: r] = multiplyAdd(x, rightRow, sums.right[unchecked: r])
        }
        left += 16
        right += 16
      }
      sums.write(target, outStride)
    }
    for number in 0..<(second == 0 ? 1 : 2) {
      for column in stride(from: 0, to: 16, by: tileColumns) {
        let (block, target) = (b + number * second + column, out + number * secondOut + column)
        tile(Sums<6>(), 0, block, target)
        tile(Sums<5>(), 6, block, target)
        tile(Sums<5>(), 11, block, target)
      }
    }
  #endif
}
