import KernelTable

// What a pass of Winograd's convolution holds in between, and where.

extension WinogradConvolution {
  /// The room that a strip of pixels may take on its way to being transformed.
  static let stripBytes = 160 << 10
  /// Input channels whose weights are transformed at a time, if that is done for a few tiles.
  static let weightDepth = 64
  /// Blocks that share the weights of a panel, at most: their products should stay in a near cache.
  static let blocksPerSet = 8
  /// Floats of a cache line. What is laid out at strides of a power of two gets a line more, else it would all fall into a few
  /// sets of a cache.
  static let oneLine = 16

  /// Some lines of tiles of one picture in some channels, with a margin of a pixel on each side.
  struct Strip {
    let channels: Int
    let lines: Int
    /// Floats of a row of pixels.
    let rowStride: Int
    let count: Int

    init(_ layer: WinogradConvolution, _ grid: TileGrid) {
      let side = layer.winograd.outputSide
      channels = layer.depth % 32 == 0 ? 32 : 16
      rowStride = (side * grid.columns + 2) * channels
      lines = max(1, min(grid.rows, stripBytes / (side * rowStride * MemoryLayout<Float>.stride)))
      count = (side * lines + 2) * rowStride
    }
  }

  /// Where the points of a group of tiles lie: block by block, and in each channels by 16 and point by point, so that the
  /// products of all points read memory in order. Row r of a block has channel c of point p at
  /// `c / 16 · channelStride + p · pointStride + 16r + c % 16`.
  struct TransformedTiles {
    let pointStride: Int
    let channelStride: Int
    let blockStride: Int
    let count: Int

    init(_ layer: WinogradConvolution, _ tiling: Tiling) {
      pointStride = tiling.height * block
      channelStride = layer.winograd.points * pointStride
      blockStride = layer.depth / block * channelStride
      count = tiling.tiles * blockStride
    }
  }

  /// Room for `multiply`.
  struct ProductRoom {
    /// The blocks of tiles whose products are held at a time.
    let sets: Tiling
    /// Floats from a point's products to the next point's, of all products, and of one tile's pixels.
    let pointStride: Int
    let products: Int
    let tile: Int
    /// Input channels whose weights are transformed at a time, and the floats from one point to the next.
    let chunk: Int
    let weightStride: Int
    let count: Int

    init(_ layer: WinogradConvolution, tileRows: Int, blocks: Int) {
      let (points, side, width) = (layer.winograd.points, layer.winograd.outputSide, layer.table.tileColumns)
      sets = Tiling(count: blocks, most: blocksPerSet)
      pointStride = sets.height * tileRows * width + oneLine
      products = points * pointStride
      tile = side * side * width
      // For a single set the transformed weights pass through a near cache; several sets use them again and again.
      chunk = layer.isTransformed || sets.tiles > 1 ? layer.depth : min(weightDepth, layer.depth)
      weightStride = layer.isTransformed ? layer.depth * width : chunk * width + oneLine
      // Also for fewer blocks, of which a set may have more or higher ones: the last group of tiles is made room for with this.
      let most = points * (min(blocks, blocksPerSet) * layer.table.tileRows * width + oneLine)
      count = most + tile + (layer.isTransformed ? 0 : points * weightStride)
    }
  }

  /// What the products of a chunk of input channels fetch meanwhile. What is transformed next comes from memory, as fast as it can,
  /// all through the arithmetic: four of nine taps while weights are transformed, the others by the products. Where weights are
  /// kept, a point's products fetch those of the next point.
  struct FetchAhead {
    /// Where a point's share begins.
    var address: UnsafePointer<Float>
    /// Cache lines for each block of a tile.
    let lines: Int
    /// Floats from a point's share to the next one's.
    let step: Int

    /// - Parameters:
    ///   - raw: the weights to be transformed next, if any.
    ///   - channels: of the chunk.
    ///   - points: the weights of the first point; the next one's lie `weightStride` behind.
    ///   - blocks: the blocks that are multiplied for each point.
    init(
      _ layer: WinogradConvolution, _ raw: UnsafePointer<Float>?, channels: Int, points: UnsafePointer<Float>,
      weightStride: Int, blocks: Int
    ) {
      let tap = channels * layer.table.tileColumns
      let floats = layer.isTransformed ? tap : raw == nil ? 0 : 5 * tap / layer.winograd.points
      lines = (floats + oneLine * blocks - 1) / (oneLine * blocks)
      step = layer.isTransformed ? weightStride : lines * blocks * oneLine
      address = raw.map { $0 + 4 * tap } ?? points + weightStride
    }
  }
}
