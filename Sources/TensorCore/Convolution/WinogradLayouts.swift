// What a pass of Winograd's convolution holds in between, and where.

extension WinogradConvolution {
  /// Input channels whose weights are transformed at a time, if that is done for a few tiles.
  static let weightDepth = 64
  /// Blocks that share the weights of a panel, at most: their products should stay in a near cache.
  static let blocksPerSet = 8
  /// Floats of a cache line. What is laid out at strides of a power of two gets a line more, else it would all fall into a few
  /// sets of a cache.
  static let oneLine = 16

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
