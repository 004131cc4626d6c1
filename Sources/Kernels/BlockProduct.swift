/// See `GradientKernels.BlockProduct`.
func blockProduct(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int, _ accumulate: Bool,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int
) {
  #if KERNELS_AVX512
    // A vector holds a block: sixteen sums, each row's factor being read as the operand of its multiply-add.
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
    @inline(__always) func tile<let rows: Int>(_ start: Sums<rows>, _ first: Int, _ column: Int) {
      var sums = start
      let target = out + first * outStride + column
      if accumulate { sums.read(target, outStride) }
      var (left, right) = (a + first, b + column)
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
    for column in stride(from: 0, to: 16, by: tileColumns) {
      tile(Sums<6>(), 0, column)
      tile(Sums<5>(), 6, column)
      tile(Sums<5>(), 11, column)
    }
  #endif
}
