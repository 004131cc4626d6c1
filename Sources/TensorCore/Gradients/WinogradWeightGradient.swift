import KernelTable

/// The gradient of the weight of a convolution with kernel 3×3 and stride 1, by the transpose of Winograd's F(m×m,
/// 3×3): dg = Gᵀ[Σ (A·dY·Aᵀ) ⊙ (Bᵀ·d·B)]G, the sum over all tiles being a matrix product at each point (Lavin & Gray
/// 2016).
///
/// Groups of tiles are transformed, of such a size that a thread's part stays in its L2 cache. Then threads divide the
/// pairs of blocks of 16 output and 16 input channels; all points of a pair are multiplied and transformed back at
/// once. Groups and pairs depend only on the shapes, so that sums are the same for any number of threads.
struct WinogradWeightGradient {
  private let inChannels: Int
  private let outChannels: Int
  private let table: KernelTable
  private let forward: KernelTable.Winograd
  private let backward: GradientKernels.Winograd
  private let block = WinogradConvolution.block

  /// Memory for the transformed tiles of a group, and the minimum number of tiles in a group, if there are as many.
  private static let groupBytes = 5 << 19
  private static let fewestTiles = 48
  /// Floats from the products of one point to those of the next: more than a block's 256, so that they do not compete
  /// for cache sets.
  private static let productStride = 256 + 16

  init(usesSmallTiles: Bool, inChannels: Int, outChannels: Int) {
    table = KernelChoice.current
    (self.inChannels, self.outChannels) = (inChannels, outChannels)
    forward = usesSmallTiles ? table.winogradF2 : table.winogradF4
    backward = usesSmallTiles ? table.gradients.winogradF2 : table.gradients.winogradF4
  }

  private var outBlocks: Int { (outChannels + block - 1) / block }
  private var inBlocks: Int { inChannels / block }

  /// Adds to the gradient of `weight`, `[O, I, 3, 3]`, given that of the output for `input`, whose parts consist of
  /// whole blocks of channels.
  func add(_ gradient: Tensor, input: FusedInput, to weight: Variable) {
    let shape = gradient.shape
    let grid = TileGrid(side: forward.outputSide, batch: shape[0], height: shape[1], width: shape[2])
    let bytes = forward.points * (inChannels + outBlocks * block) * MemoryLayout<Float>.stride
    // Whole lines of tiles, so that no line is read twice.
    let most = max(Self.fewestTiles, Self.groupBytes / bytes)
    let groups = Tiling(count: grid.lines, most: max(1, most / grid.columns))
    let mostTiles = groups.height * grid.columns
    let pixels = WinogradInput(winograd: forward, depth: inChannels)
    let whole = Tiling(count: mostTiles, most: mostTiles)
    // An unused line between points: otherwise their stride would often be a power of two.
    let layout = WinogradInput.Layout(pixels, whole, gap: block)
    var points = Tensor(uninitialized: [layout.count])
    var slopes = Tensor(uninitialized: [outBlocks * layout.channelStride])
    var taps = Tensor(uninitialized: [outBlocks * inBlocks, Self.pairTaps])
    weight.addToGradient { sum, accumulates in
      input.withReader { reader in
        gradient.withUnsafePointer { gradient in
          points.withUnsafeMutablePointer { points in
            slopes.withUnsafeMutablePointer { slopes in
              taps.withUnsafeMutablePointer { taps in
                for g in 0..<groups.tiles {
                  let lines = groups[g]
                  let group = TileGroup(
                    grid: grid, tiles: lines.lowerBound * grid.columns..<lines.upperBound * grid.columns,
                    mostRows: mostTiles)
                  transform(reader, gradient, group, pixels, layout, into: points, slopes)
                  multiply(slopes, points, tiles: group.tiles.count, layout, accumulates: g > 0, into: taps)
                }
                unpack(taps, accumulates: accumulates, into: sum)
              }
            }
          }
        }
      }
    }
  }

  /// Bᵀ·d·B and A·dY·Aᵀ of a group's tiles.
  private func transform(
    _ reader: FusedInput.Reader, _ gradient: UnsafePointer<Float>, _ group: TileGroup, _ input: WinogradInput,
    _ layout: WinogradInput.Layout, into points: UnsafeMutablePointer<Float>, _ slopes: UnsafeMutablePointer<Float>
  ) {
    let strip = WinogradInput.Strip(input, group.grid)
    let strips = group.strips(mostLines: strip.lines)
    let chunks = inChannels / strip.channels
    let inItems = strips.count * chunks
    // Two blocks of channels at a time, for a run of tiles: more would write to more streams than the processor can
    // track.
    let tiles = Tiling(count: group.tiles.count, most: 32)
    let outChunks = Tiling(count: outBlocks, most: 2)
    let scratch = max(strip.count, forward.outputSide * forward.outputSide * 2 * block)
    ThreadPool.shared.forEach(inItems + tiles.tiles * outChunks.tiles, scratch: scratch) { item, scratch in
      if item < inItems {
        let (lines, chunk) = item.quotientAndRemainder(dividingBy: chunks)
        input.transform(
          reader, group, strips[lines], chunk * strip.channels, strip, scratch, into: points, layout)
      } else {
        let (run, chunk) = (item - inItems).quotientAndRemainder(dividingBy: outChunks.tiles)
        transformGradient(gradient, group, tiles[run], outChunks[chunk], scratch, into: slopes, layout)
      }
    }
  }

  /// A·dY·Aᵀ of some tiles of a group in some blocks of channels.
  private func transformGradient(
    _ gradient: UnsafePointer<Float>, _ group: TileGroup, _ tiles: Range<Int>, _ blocks: Range<Int>,
    _ scratch: UnsafeMutablePointer<Float>, into slopes: UnsafeMutablePointer<Float>, _ layout: WinogradInput.Layout
  ) {
    let side = forward.outputSide
    let width = blocks.count * block
    let first = blocks.lowerBound * block
    let count = min(width, outChannels - first)
    for tile in tiles {
      let pixels = group.pixels(ofTile: tile)
      var source = gradient + pixels.first * outChannels + first
      var (rowStride, pixelStride) = (pixels.lineStride * outChannels, outChannels)
      if pixels.rows < side || pixels.columns < side || count < width {
        // Zeros beyond the picture and beyond the last channel.
        scratch.update(repeating: 0, count: side * side * width)
        for y in 0..<pixels.rows {
          table.packing.copyRows(
            source + y * rowStride, pixelStride, pixels.columns, count, scratch + y * side * width, width)
        }
        (source, rowStride, pixelStride) = (UnsafePointer(scratch), side * width, width)
      }
      backward.output(
        .init(source, rowStride: rowStride, pixelStride: pixelStride), width,
        .init(
          slopes + tile * block + blocks.lowerBound * layout.channelStride, pointStride: layout.pointStride,
          blockStride: layout.channelStride))
    }
  }

  /// Floats of the taps of a pair of blocks.
  private static let pairTaps = 9 * 256

  /// Multiplies at every point, transforms the sums back, and adds them to the taps of each pair of blocks.
  private func multiply(
    _ slopes: UnsafePointer<Float>, _ points: UnsafePointer<Float>, tiles: Int, _ layout: WinogradInput.Layout,
    accumulates: Bool, into taps: UnsafeMutablePointer<Float>
  ) {
    // An item is a few blocks of each kind. Consecutive items have the same input blocks, which stay in a cache.
    let outs = Tiling(count: outBlocks, most: 2)
    let ins = Tiling(count: inBlocks, most: 4)
    let room = forward.points * Self.productStride
    ThreadPool.shared.forEach(ins.tiles * outs.tiles, scratch: 2 * room) { item, scratch in
      let blocks = ins[item / outs.tiles]
      for o in outs[item % outs.tiles] {
        // Input blocks in pairs, as long as two are left.
        for i in stride(from: blocks.lowerBound, to: blocks.upperBound, by: 2) {
          let isPair = i + 1 < blocks.upperBound
          for p in 0..<forward.points {
            table.gradients.blockProduct(
              slopes + o * layout.channelStride + p * layout.pointStride,
              .init(
                points + i * layout.channelStride + p * layout.pointStride, second: isPair ? layout.channelStride : 0),
              tiles, layout.pointStride, false, .init(scratch + p * Self.productStride, stride: block, second: room))
          }
          for number in 0..<(isPair ? 2 : 1) {
            backward.weights(
              .init(scratch + number * room, stride: Self.productStride), accumulates,
              taps + (o * inBlocks + i + number) * Self.pairTaps)
          }
        }
      }
    }
  }

  /// Adds the taps of all pairs of blocks to a gradient `[O, I, 3, 3]`.
  private func unpack(_ taps: UnsafePointer<Float>, accumulates: Bool, into sum: UnsafeMutablePointer<Float>) {
    ThreadPool.shared.forEach(outBlocks * inBlocks) { item in
      let (o, i) = item.quotientAndRemainder(dividingBy: inBlocks)
      for r in 0..<min(block, outChannels - o * block) {
        table.packing.addTaps(
          taps + item * Self.pairTaps + r * 9 * block, accumulates,
          sum + ((o * block + r) * inChannels + i * block) * 9)
      }
    }
  }
}
