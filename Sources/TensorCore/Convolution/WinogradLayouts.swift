// The intermediate results of Winograd's convolution, and where they are.

extension WinogradConvolution {
  /// Input channels whose weights are transformed at a time, if for few tiles.
  static let weightDepth = 64
  /// The most blocks that share the weights of a panel: their products should stay in a near cache.
  static let blocksPerSet = 8
  /// Floats of a cache line. Strides that would be powers of two are one line longer, or the data would compete for a
  /// few cache sets.
  static let oneLine = 16

  /// The scratch memory of `multiply`.
  struct ProductRoom {
    /// The sets of blocks of tiles whose products are held at a time.
    let sets: Tiling
    /// Floats from one point's products to the next point's, of all products, and of one tile's pixels.
    let pointStride: Int
    let products: Int
    let tile: Int
    /// Input channels whose weights are transformed at a time, and floats from one point of them to the next.
    let chunk: Int
    let weightStride: Int
    let count: Int

    init(_ layer: WinogradConvolution, tileRows: Int, blocks: Int) {
      let (points, side, width) = (layer.winograd.points, layer.winograd.outputSide, layer.table.tileColumns)
      sets = Tiling(count: blocks, most: blocksPerSet)
      pointStride = sets.height * tileRows * width + oneLine
      products = points * pointStride
      tile = side * side * width
      // For a single set, transformed weights only pass through a near cache; several sets reuse them.
      chunk = layer.isTransformed || sets.tiles > 1 ? layer.depth : min(weightDepth, layer.depth)
      weightStride = layer.isTransformed ? layer.depth * width : chunk * width + oneLine
      // Enough for fewer blocks too, whose sets may have more or higher ones: the last, smaller group of tiles uses the
      // same scratch.
      let most = points * (min(blocks, blocksPerSet) * layer.table.tileRows * width + oneLine)
      count = most + tile + (layer.isTransformed ? 0 : points * weightStride)
    }
  }

  /// What the products of a chunk of input channels prefetch. The weights to be transformed next stream from memory
  /// during all of the arithmetic: four of nine taps during the transform of weights, the others during the products.
  /// If transformed weights are kept, a point's products prefetch those of the next point.
  struct FetchAhead {
    /// The start of a point's part.
    var address: UnsafePointer<Float>
    /// Cache lines for each block of a tile.
    let lines: Int
    /// Floats from one point's part to the next one's.
    let step: Int

    /// - Parameters:
    ///   - raw: the weights to be transformed next, if any.
    ///   - channels: the channels of the chunk.
    ///   - points: the weights of the first point; those of the next are `weightStride` behind.
    ///   - blocks: the blocks multiplied for each point.
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
