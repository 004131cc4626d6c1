import KernelTable

// The intermediate results of Winograd's convolution, and where they are.

extension WinogradConvolution {
  /// Input channels whose weights are transformed at a time, if for few tiles.
  static let weightDepth = 64
  /// The same for very few tiles: then transformed weights, a part of the points at a time, and products stay in the
  /// L1 cache. Otherwise weights are written from there to the L2 cache, which takes longer than computing them.
  static let nearWeightDepth = 8
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
    /// Whether weights are transformed part by part.
    let isNear: Bool
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
      let isWhole = layer.isTransformed || sets.tiles > 1
      isNear = !isWhole && blocks * tileRows <= KernelTable.BlockedChannels.mostRowsOfPart
      chunk = isWhole ? layer.depth : min(isNear ? nearWeightDepth : weightDepth, layer.depth)
      weightStride = chunk * width + (layer.isTransformed ? 0 : oneLine)
      // Enough for fewer blocks too, whose sets may have more or higher ones: the last, smaller group of tiles uses the
      // same scratch.
      let most = points * (min(blocks, blocksPerSet) * layer.table.tileRows * width + oneLine)
      count = most + tile + (layer.isTransformed ? 0 : points * weightStride)
    }
  }

  /// What the arithmetic of a chunk of input channels prefetches. The weights to be transformed next stream from memory
  /// during all of it: four of nine taps during the transform of weights, the others during the products. Of weights
  /// that are transformed already, a point's products prefetch those of the next point.
  struct FetchAhead {
    /// What is prefetched next by a transform and by a product.
    private var transformed: UnsafePointer<Float>
    private var multiplied: UnsafePointer<Float>
    /// Floats that a transform, and that each point's products, prefetch.
    private let transformStep: Int
    private let pointStep: Int
    /// Cache lines for each channel of a transform, and for each block of a product.
    private let transformLines: Int
    private let productLines: Int

    /// - Parameters:
    ///   - layer: the layer.
    ///   - room: how its weights are transformed.
    ///   - raw: the weights to be transformed next, if any.
    ///   - kept: the second point's weights, if transformed weights are kept.
    ///   - channels: the channels of the chunk.
    ///   - blocks: the blocks of tiles multiplied for each point.
    init(
      _ layer: WinogradConvolution, _ room: ProductRoom, raw: UnsafePointer<Float>?, kept: UnsafePointer<Float>,
      channels: Int, blocks: Int
    ) {
      let tap = channels * layer.table.tileColumns
      let products = blocks * max(1, channels / block)
      let floats = layer.isTransformed ? tap : raw == nil ? 0 : 5 * tap / layer.winograd.points
      transformLines =
        raw == nil ? 0 : 4 * layer.table.tileColumns / oneLine / (room.isNear ? layer.winograd.parts.count : 1)
      productLines = (floats + oneLine * products - 1) / (oneLine * products)
      transformStep = channels * transformLines * oneLine
      pointStep = products * productLines * oneLine
      transformed = raw ?? kept
      multiplied = raw.map { $0 + 4 * tap } ?? kept
    }

    /// What the next transform prefetches.
    mutating func duringTransform() -> KernelTable.Prefetch {
      defer { transformed += transformStep }
      return .init(transformed, lines: transformLines)
    }

    /// What the next points' products prefetch.
    mutating func duringProducts(points: Int) -> KernelTable.Prefetch {
      defer { multiplied += points * pointStep }
      return .init(multiplied, lines: productLines)
    }
  }
}

extension KernelTable.Winograd {
  /// The additions and multiplications of the transforms in `Kernels/WinogradF2.swift` and `WinogradF4.swift`: of a
  /// tile for an input channel, of weights for a pair of channels, and of products for an output channel with its bias.
  ///
  /// F(4×4, 3×3): 12 · 22, 36 + 6 · 12, and 12 · 9 + 4 · 18 + 16; F(2×2, 3×3): 8 · 4, 7 · 3, and 6 · 6 + 4.
  var operations: (input: Int, weights: Int, output: Int) {
    outputSide == 4 ? (264, 108, 196) : (32, 21, 40)
  }
}
