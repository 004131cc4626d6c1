import CDiffusionProcessor
import KernelTable

/// See `GradientKernels.BlockProduct`.
func blockProduct(
  _ a: UnsafePointer<Float>, _ b: GradientKernels.Blocks, _ count: Int, _ ahead: Int, _ accumulate: Bool,
  _ out: GradientKernels.BlockSums
) {
  #if KERNELS_AVX512
    // A vector holds a row of a block. With two blocks, half the rows at a time: sixteen sums, for ten reads in each
    // step.
    if b.second != 0 {
      for half in 0..<2 {
        let target = out.start + half * 8 * out.stride
        var left = InlineArray<8, Vector> { _ in broadcast(0) }
        var right = left
        if accumulate {
          for r in 0..<8 {
            left[unchecked: r] = load(target + r * out.stride)
            right[unchecked: r] = load(target + out.second + r * out.stride)
          }
        }
        var (factors, row) = (a + half * 8, b.start)
        for _ in 0..<count {
          let (leftRow, rightRow) = (load(row), load(row + b.second))
          if half == 0 {
            prefetchNear(factors + ahead)
          } else {
            prefetchNear(row + ahead)
            prefetchNear(row + b.second + ahead)
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
          store(left[unchecked: r], target + r * out.stride)
          store(right[unchecked: r], target + out.second + r * out.stride)
        }
      }
      return
    }
    var sums = InlineArray<16, Vector> { _ in broadcast(0) }
    if accumulate {
      for r in 0..<16 { sums[unchecked: r] = load(out.start + r * out.stride) }
    }
    for t in 0..<count {
      let row = load(b.start + 16 * t)
      for r in 0..<16 { sums[unchecked: r] = multiplyAdd(broadcast(a[16 * t + r]), row, sums[unchecked: r]) }
    }
    for r in 0..<16 { store(sums[unchecked: r], out.start + r * out.stride) }
  #else
    // Tiles as wide as those of the matrix product; their 6, 5 and 5 rows make up a block.
    @inline(__always) func tile<let rows: Int>(
      _ start: Sums<rows>, _ first: Int, _ block: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) {
      var sums = start
      let target = target + first * out.stride
      if accumulate { sums.read(target, out.stride) }
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
      sums.write(target, out.stride)
    }
    for number in 0..<(b.second == 0 ? 1 : 2) {
      for column in stride(from: 0, to: 16, by: tileColumns) {
        let (block, target) = (b.start + number * b.second + column, out.start + number * out.second + column)
        tile(Sums<6>(), 0, block, target)
        tile(Sums<5>(), 6, block, target)
        tile(Sums<5>(), 11, block, target)
      }
    }
  #endif
}
