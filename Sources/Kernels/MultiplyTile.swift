import CDiffusionProcessor
import KernelTable

// The register tile: enough independent sums to hide the latency of a multiply-add, few enough to stay in registers
// beside two vectors of weights and a broadcast pixel (28 + 3 of 32 registers with AVX-512, 12 + 3 of 16 with AVX2).
// NEON multiplies by a lane of a vector of four channels, so each row takes a third register, and 14 rows would spill
// more than 12. Tiles of fewer rows have code of their own, so that the remainder of a picture costs no more than its
// rows.
#if KERNELS_AVX512
  let tileRows = 14
  typealias WholeSums = Sums<14>
#elseif arch(arm64)
  let tileRows = 12
  typealias WholeSums = Sums<12>
#else
  let tileRows = 6
  typealias WholeSums = Sums<6>
#endif
let tileColumns = 2 * Vector.scalarCount

/// How far ahead, in floats, the weights of a panel, and of the next one behind it, are prefetched: more than the
/// latency of memory.
private let distanceAhead = 1024

/// The sums of a tile: a left and a right vector for each row. Loops over the rows have constant bounds and are
/// unrolled (Package.swift sets the threshold), so that the sums live in registers.
struct Sums<let rows: Int> {
  var left: InlineArray<rows, Vector>
  var right: InlineArray<rows, Vector>

  /// Every row begins as `start`.
  @inline(__always) init(_ start: UnsafePointer<Float>) {
    let (first, second) = (load(start), load(start + lanes))
    left = InlineArray { _ in first }
    right = InlineArray { _ in second }
  }

  @inline(__always) init() {
    left = InlineArray { _ in broadcast(0) }
    right = InlineArray { _ in broadcast(0) }
  }

  @inline(__always) mutating func read(_ out: UnsafePointer<Float>, _ stride: Int) {
    for r in 0..<rows {
      left[unchecked: r] = load(out + r * stride)
      right[unchecked: r] = load(out + r * stride + lanes)
    }
  }

  @inline(__always) func write(_ out: UnsafeMutablePointer<Float>, _ stride: Int) {
    for r in 0..<rows {
      store(left[unchecked: r], out + r * stride)
      store(right[unchecked: r], out + r * stride + lanes)
    }
  }

  /// Adds `residual`, if there is one, and writes.
  @inline(__always) func write(
    adding residual: UnsafePointer<Float>?, _ out: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    guard let residual else { return write(out, stride) }
    for r in 0..<rows {
      store(left[unchecked: r] + load(residual + r * stride), out + r * stride)
      store(right[unchecked: r] + load(residual + r * stride + lanes), out + r * stride + lanes)
    }
  }

  /// Adds the products of gathered rows with a panel.
  @inline(__always) mutating func add(
    _ pixels: UnsafePointer<UnsafePointer<Float>>, _ taps: Int, _ depth: Int, _ panel: UnsafePointer<Float>,
    fetchesAhead: Bool
  ) {
    var weights = panel
    for tap in 0..<taps {
      let pixels = pixels + tap * rows
      for k in 0..<depth {
        let leftWeights = load(weights)
        let rightWeights = load(weights + lanes)
        if fetchesAhead { prefetch(weights + distanceAhead) }
        weights += tileColumns
        for r in 0..<rows {
          let x = broadcast(pixels[r][k])
          left[unchecked: r] = multiplyAdd(x, leftWeights, left[unchecked: r])
          right[unchecked: r] = multiplyAdd(x, rightWeights, right[unchecked: r])
        }
      }
    }
  }

  /// Adds the products of channels in blocks `[rows, 16]` with a panel. Prefetches the memory behind each whole block,
  /// which is Winograd's next point, and for each block some lines at `ahead`.
  @inline(__always) mutating func add(
    _ a: UnsafePointer<Float>, _ channels: KernelTable.BlockedChannels, _ panel: UnsafePointer<Float>,
    _ ahead: inout UnsafePointer<Float>, _ linesAhead: Int
  ) {
    var weights = panel
    var block = a
    @inline(__always) func prefetchAhead() {
      for _ in 0..<linesAhead {
        prefetch(ahead)
        ahead += 16
      }
    }
    @inline(__always) func multiply(_ k: Int) {
      let leftWeights = load(weights)
      let rightWeights = load(weights + lanes)
      weights += tileColumns
      for r in 0..<rows {
        let x = broadcast(block[r * 16 + k])
        left[unchecked: r] = multiplyAdd(x, leftWeights, left[unchecked: r])
        right[unchecked: r] = multiplyAdd(x, rightWeights, right[unchecked: r])
      }
    }
    if rows <= KernelTable.BlockedChannels.mostRowsOfPart && channels.count < 16 {
      prefetchAhead()
      for _ in 0..<channels.count / 4 {
        for k in 0..<4 { multiply(k) }
        block += 4
      }
      return
    }
    for _ in 0..<channels.count / 16 {
      prefetchAhead()
      for k in 0..<16 {
        if k < rows { prefetch(block + (rows + k) * 16) }
        multiply(k)
      }
      block += channels.stride
    }
  }
}

extension Sums {
  /// Adds the products of columns `[depth, rows]` with a panel.
  @inline(__always) mutating func add(columns a: UnsafePointer<Float>, _ depth: Int, _ panel: UnsafePointer<Float>) {
    var weights = panel
    var column = a
    for _ in 0..<depth {
      let leftWeights = load(weights)
      let rightWeights = load(weights + lanes)
      weights += tileColumns
      for r in 0..<rows {
        let x = broadcast(column[r])
        left[unchecked: r] = multiplyAdd(x, leftWeights, left[unchecked: r])
        right[unchecked: r] = multiplyAdd(x, rightWeights, right[unchecked: r])
      }
      column += rows
    }
  }
}

/// See `KernelTable.MultiplyTile`.
func multiplyTile(
  _ rows: KernelTable.GatheredRows, _ panel: KernelTable.Panel, _ residual: UnsafePointer<Float>?,
  _ out: KernelTable.MutableRows
) {
  @inline(__always) func tile<let height: Int>(_ start: Sums<height>) {
    var sums = start
    sums.add(rows.addresses, rows.taps, rows.depth, panel.weights, fetchesAhead: true)
    sums.write(adding: residual, out.start, out.stride)
  }
  let bias = panel.bias
  switch rows.count {
  case 1: tile(Sums<1>(bias))
  case 2: tile(Sums<2>(bias))
  case 3: tile(Sums<3>(bias))
  case 4: tile(Sums<4>(bias))
  case 5: tile(Sums<5>(bias))
  #if KERNELS_AVX512 || arch(arm64)
    case 6: tile(Sums<6>(bias))
    case 7: tile(Sums<7>(bias))
    case 8: tile(Sums<8>(bias))
    case 9: tile(Sums<9>(bias))
    case 10: tile(Sums<10>(bias))
    case 11: tile(Sums<11>(bias))
  #endif
  #if KERNELS_AVX512
    case 12: tile(Sums<12>(bias))
    case 13: tile(Sums<13>(bias))
  #endif
  default: tile(WholeSums(bias))
  }
}

/// See `KernelTable.MultiplyBlocks`.
func multiplyBlocks(
  _ rows: KernelTable.TiledRows, _ channels: KernelTable.BlockedChannels, _ panel: UnsafePointer<Float>,
  _ accumulate: Bool, _ out: UnsafeMutablePointer<Float>, _ points: KernelTable.ProductPoints,
  _ ahead: KernelTable.Prefetch
) {
  var next = ahead.start
  for point in 0..<points.count {
    let weights = panel + point * points.panelStride
    var tile = rows.start + point * points.rowStride
    var target = out + point * points.outStride
    var left = rows.count
    /// Computes tiles of this height while enough rows are left.
    @inline(__always) func tiles<let height: Int>(_ start: Sums<height>) {
      while left >= height {
        var sums = start
        if accumulate { sums.read(target, tileColumns) }
        sums.add(tile, channels, weights, &next, ahead.lines)
        sums.write(target, tileColumns)
        tile += rows.tileStride
        target += height * tileColumns
        left -= height
      }
    }
    var height = rows.tileHeight
    while left > 0 {
      switch height {
      case 1: tiles(Sums<1>())
      case 2: tiles(Sums<2>())
      case 3: tiles(Sums<3>())
      case 4: tiles(Sums<4>())
      case 5: tiles(Sums<5>())
      #if KERNELS_AVX512 || arch(arm64)
        case 6: tiles(Sums<6>())
        case 7: tiles(Sums<7>())
        case 8: tiles(Sums<8>())
        case 9: tiles(Sums<9>())
        case 10: tiles(Sums<10>())
        case 11: tiles(Sums<11>())
      #endif
      #if KERNELS_AVX512
        case 12: tiles(Sums<12>())
        case 13: tiles(Sums<13>())
      #endif
      default: tiles(WholeSums())
      }
      height = left
    }
  }
}
