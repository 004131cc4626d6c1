// The register tile: enough independent sums to hide the latency of a multiply-add, few enough to stay in registers
// beside two vectors of weights and a broadcast pixel (28 + 3 of 32 registers with AVX-512 or NEON, 12 + 3 of 16 else).
#if KERNELS_AVX512 || arch(arm64)
  let tileRows = 14
#else
  let tileRows = 6
#endif
let tileColumns = 2 * Vector.scalarCount

/// See `KernelTable.MultiplyTile`.
func multiplyTile(
  _ rows: UnsafePointer<UnsafePointer<Float>>, _ taps: Int, _ depth: Int, _ panel: UnsafePointer<Float>,
  _ bias: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
) {
  // The loops over the tile's rows have constant bounds and are unrolled (Package.swift sets the threshold), after which
  // the two arrays live in registers.
  #if KERNELS_AVX512 || arch(arm64)
    var left = InlineArray<14, Vector>(repeating: load(bias))
    var right = InlineArray<14, Vector>(repeating: load(bias + lanes))
  #else
    var left = InlineArray<6, Vector>(repeating: load(bias))
    var right = InlineArray<6, Vector>(repeating: load(bias + lanes))
  #endif
  var weights = panel
  for tap in 0..<taps {
    let pixels = rows + tap * tileRows
    for k in 0..<depth {
      let leftWeights = load(weights)
      let rightWeights = load(weights + lanes)
      weights += tileColumns
      for r in 0..<tileRows {
        let x = broadcast(pixels[r][k])
        left[unchecked: r] = multiplyAdd(x, leftWeights, left[unchecked: r])
        right[unchecked: r] = multiplyAdd(x, rightWeights, right[unchecked: r])
      }
    }
  }
  for r in 0..<tileRows {
    store(left[unchecked: r], out + r * outStride)
    store(right[unchecked: r], out + r * outStride + lanes)
  }
}
