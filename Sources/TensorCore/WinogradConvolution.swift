import KernelTable

/// A convolution with kernel 3×3 and stride 1 by Winograd's F(m×m, 3×3) (Lavin & Gray 2016): tiles of (m + 2)² pixels and the
/// weights are transformed to as many points, at each of which a matrix product takes the place of the convolution, and the
/// products are transformed back to m×m pixels. With m = 4 that needs a quarter of the multiplications, with m = 2 4/9.
struct WinogradConvolution: Sendable {
  /// Input channels are taken in blocks of this many.
  static let block = 16
  /// Room for the transformed tiles that a thread works on at a time: the more, the fewer times weights are transformed. A
  /// quarter of it if they need not be: then tiles should stay in the near caches.
  private static let tileBytes = 4 << 20
  /// The room that a strip of pixels may take on its way to being transformed.
  private static let stripBytes = 160 << 10
  /// Input channels whose weights are transformed at a time, if that is done on the fly.
  private static let weightDepth = 64

  // The rules below are fitted to measurements; see PERFORMANCE.md.

  /// Transformed weights of fewer bytes are kept: they stay in a cache. Others take four times the room of the weights, and
  /// reading so much takes longer than transforming them anew for each group of tiles.
  private static let smallWeights = 1_500_000
  /// Up to how many pixels of a picture F(2×2, 3×3) is used: one tile of F(4×4, 3×3).
  private static let fewPixels = 16
  /// From how many tiles for each thread on threads share tiles rather than weights, if those must be transformed.
  private static let manyTiles = 32

  private let table: KernelTable
  private let winograd: KernelTable.Winograd
  /// Input and output channels.
  private let depth: Int
  private let columns: Int
  private let bias: Tensor
  /// `[panels, depth, 9, tileColumns]`, or `[panels, points, depth, tileColumns]` if they are transformed.
  private let panels: Tensor
  private let isTransformed: Bool

  private var panelCount: Int { panels.shape[0] }
  private var panelStride: Int { panels.count / panelCount }

  /// The side of the tiles it puts out.
  var tileSide: Int { winograd.outputSide }

  /// - Parameters:
  ///   - weight: `[O, I, 3, 3]`, I a multiple of 16.
  ///   - bias: `[O]`.
  ///   - outputPixels: of a picture, if known: where they are few, the smaller tiles pay.
  init(weight: Tensor, bias: Tensor, outputPixels: Int?) {
    precondition(
      weight.shape.count == 4 && weight.shape[1] % Self.block == 0 && weight.shape.dropFirst(2) == [3, 3],
      "Winograd's convolution cannot have a weight of shape \(weight.shape)")
    let table = KernelChoice.current
    let (columns, depth, width) = (weight.shape[0], weight.shape[1], table.tileColumns)
    (self.table, self.depth, self.columns) = (table, depth, columns)
    winograd = outputPixels.map { $0 <= Self.fewPixels } ?? false ? table.winogradF2 : table.winogradF4
    let (points, transform) = (winograd.points, winograd.weights)
    let isTransformed = points * depth * columns * MemoryLayout<Float>.stride < Self.smallWeights
    self.isTransformed = isTransformed
    let panelCount = (columns + width - 1) / width
    self.bias = bias.padded(to: panelCount * width)
    panels = weight.withUnsafePointer { weight in
      Tensor([panelCount, isTransformed ? points : 9, depth, width]) { out in
        ThreadPool.shared.forEach(panelCount, scratch: isTransformed ? 9 * depth * width : 0) { panel, scratch in
          let target = out + panel * (isTransformed ? points : 9) * depth * width
          let raw = isTransformed ? scratch : target
          let first = panel * width
          raw.update(repeating: 0, count: 9 * depth * width)
          for c in 0..<min(width, columns - first) {
            let source = weight + (first + c) * depth * 9
            for i in 0..<depth * 9 { raw[i * width + c] = source[i] }
          }
          if isTransformed { transform(raw, depth, target, depth * width) }
        }
      }
    }
  }

  /// `[N, H, W, I]` → `[N, H, W, O]`, plus `residual` of that shape.
  func callAsFunction(_ input: LayerInput, adding residual: Tensor?) -> Tensor {
    let shape = input.shape
    let grid = TileGrid(side: winograd.outputSide, batch: shape[0], height: shape[1], width: shape[2])
    let threads = ThreadPool.shared.threads
    let bytes = isTransformed ? Self.tileBytes / 4 : Self.tileBytes
    let most = max(4 * table.tileRows, bytes / (winograd.points * depth * MemoryLayout<Float>.stride))
    return input.withReader { reader in
      residual.withUnsafePointerIfAny { residual in
        Tensor([shape[0], shape[1], shape[2], columns]) { out in
          let pass = Pass(reader: reader, residual: residual, out: out)
          // Where there are tiles enough for all, each thread transforms and multiplies its own: what it has written it
          // finds in its own cache. Else threads share the work of each step.
          let areMany = grid.tiles >= threads * (isTransformed ? table.tileRows / 2 : Self.manyTiles)
          if threads == 1 || areMany {
            let rounds = (grid.tiles + threads * most - 1) / (threads * most)
            let groups = Tiling(count: grid.tiles, most: (grid.tiles + rounds * threads - 1) / (rounds * threads))
            ThreadPool.shared.forEach(groups.tiles, scratch: scratch(grid, tiles: groups.height)) { item, room in
              compute(pass, TileGroup(grid: grid, tiles: groups[item], mostRows: table.tileRows), room)
            }
          } else {
            let groups = Tiling(count: grid.tiles, most: most)
            for item in 0..<groups.tiles {
              share(pass, TileGroup(grid: grid, tiles: groups[item], mostRows: table.tileRows))
            }
          }
        }
      }
    }
  }

  /// What one call reads and writes.
  private struct Pass: @unchecked Sendable {
    let reader: LayerInput.Reader
    let residual: UnsafePointer<Float>?
    let out: UnsafeMutablePointer<Float>
  }

  // MARK: - Who does what

  /// Room for `compute`: the transformed tiles, and what the steps need.
  private func scratch(_ grid: TileGrid, tiles: Int) -> Int {
    let blocks = Tiling(count: tiles, most: table.tileRows)
    let product = ProductRoom(self, tileRows: blocks.height, blocks: min(blocks.tiles, Self.blocksPerSet))
    return winograd.points * depth * tiles + max(Strip(self, grid).count, product.count)
  }

  /// All that a group of tiles needs, on one thread.
  private func compute(_ pass: Pass, _ group: TileGroup, _ tiles: UnsafeMutablePointer<Float>) {
    let strip = Strip(self, group.grid)
    let room = tiles + winograd.points * depth * group.tiles.count
    for lines in group.strips(mostLines: strip.lines) {
      for channel in stride(from: 0, to: depth, by: strip.channels) {
        transformInput(pass.reader, group, lines, channel, strip, room, into: tiles)
      }
    }
    for panel in 0..<panelCount {
      for first in stride(from: 0, to: group.tiling.tiles, by: Self.blocksPerSet) {
        let set = first..<min(first + Self.blocksPerSet, group.tiling.tiles)
        multiply(pass, tiles, group, panel, set, next: panel + 1, room)
      }
    }
  }

  /// The same, by all threads together.
  private func share(_ pass: Pass, _ group: TileGroup) {
    let strip = Strip(self, group.grid)
    let strips = group.strips(mostLines: strip.lines)
    let chunks = depth / strip.channels
    // A set of blocks of tiles shares the weights that are read or transformed for it, which is worth four or five blocks'
    // products; beyond that there should be items enough for all threads.
    let blocks = group.tiling.tiles
    let threads = ThreadPool.shared.threads
    let fewest = isTransformed ? 2 : 6
    let blocksPerSet = min(
      blocks, panelCount >= 4 * threads ? Self.blocksPerSet : panelCount >= threads ? fewest : max(1, fewest / 3))
    let sets = (blocks + blocksPerSet - 1) / blocksPerSet
    let room = ProductRoom(self, tileRows: group.tiling.height, blocks: blocksPerSet)
    var tiles = Tensor(uninitialized: [group.tiles.count, winograd.points * depth])
    tiles.withUnsafeMutablePointer { tiles in
      ThreadPool.shared.forEach(strips.count * chunks, scratch: strip.count) { item, scratch in
        let (lines, chunk) = item.quotientAndRemainder(dividingBy: chunks)
        transformInput(pass.reader, group, strips[lines], chunk * strip.channels, strip, scratch, into: tiles)
      }
      ThreadPool.shared.forEach(sets * panelCount, scratch: room.count) { item, scratch in
        let (panel, number) = item.quotientAndRemainder(dividingBy: sets)
        let set = number * blocksPerSet..<min((number + 1) * blocksPerSet, blocks)
        multiply(pass, tiles, group, panel, set, next: (item + 1) / sets, scratch)
      }
    }
  }

  /// Blocks that share the weights of a panel, at most: their products should stay in a near cache.
  private static let blocksPerSet = 8

  // MARK: - Steps

  /// Some lines of tiles of one picture in some channels, with a margin of a pixel on each side.
  private struct Strip {
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

  /// Transforms those tiles of a group that lie in `lines`, in the strip's channels from `channel` on. Tile r of a block of h
  /// tiles has channel c of point p at `(c / 16 · points + p) · 16h + 16r + c % 16` from the start of the block.
  private func transformInput(
    _ reader: LayerInput.Reader, _ group: TileGroup, _ lines: Range<Int>, _ channel: Int, _ strip: Strip,
    _ scratch: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>
  ) {
    let (grid, side) = (group.grid, winograd.outputSide)
    let (channels, rowStride) = (strip.channels, strip.rowStride)
    for y in 0..<side * lines.count + 2 {
      let row = scratch + y * rowStride
      guard let line = grid.pixelLine(lines.lowerBound, y - 1) else {
        row.update(repeating: 0, count: rowStride)
        continue
      }
      row.update(repeating: 0, count: channels)
      reader.read(
        line: line, from: 0, count: grid.width, channels: channel..<channel + channels, into: row + channels,
        stride: channels)
      (row + (1 + grid.width) * channels).update(repeating: 0, count: rowStride - (1 + grid.width) * channels)
    }
    for line in lines {
      let pixels = scratch + side * (line - lines.lowerBound) * rowStride
      for column in group.columns(ofLine: line) {
        let (block, row) = group.place(line * grid.columns + column)
        let height = group.tiling[block].count
        winograd.input(
          pixels + side * column * channels, rowStride, channels, channels,
          out + (block * group.tiling.height * depth + channel * height) * winograd.points + row * Self.block,
          height * Self.block)
      }
    }
  }

  /// Room for `multiply`.
  private struct ProductRoom {
    /// Floats of a point's products, of the products, of one tile's pixels, and of transformed weights.
    let pointStride: Int
    let products: Int
    let tile: Int
    /// Input channels whose weights are transformed at a time, and the floats from one point to the next.
    let chunk: Int
    let weightStride: Int
    let count: Int

    init(_ layer: WinogradConvolution, tileRows: Int, blocks: Int) {
      let (points, side, width) = (layer.winograd.points, layer.winograd.outputSide, layer.table.tileColumns)
      pointStride = blocks * tileRows * width
      products = points * pointStride
      tile = side * side * width
      chunk = min(weightDepth, layer.depth)
      // A line more than the weights take: at a distance of a power of two, all points would fall into a few sets of a cache.
      weightStride = chunk * width + 16
      count = products + tile + (layer.isTransformed ? 0 : points * weightStride)
    }
  }

  /// Multiplies a set of blocks of a group's tiles with a panel of weights and transforms the products back. Meanwhile fetches
  /// the weights that come next, which are those of the panel `next` in the end.
  private func multiply(
    _ pass: Pass, _ tiles: UnsafePointer<Float>, _ group: TileGroup, _ panel: Int, _ set: Range<Int>, next: Int,
    _ products: UnsafeMutablePointer<Float>
  ) {
    let width = table.tileColumns
    let height = group.tiling.height
    let room = ProductRoom(self, tileRows: height, blocks: set.count)
    /// Adds what the input channels from `first` on, `count` of them, contribute.
    func add(_ points: UnsafePointer<Float>, stride: Int, from first: Int, count: Int, next: UnsafePointer<Float>?) {
      let fetched = 9 * room.chunk * width / winograd.points
      for p in 0..<winograd.points {
        if let next { table.prefetch(next + p * fetched, fetched) }
        for block in set {
          let rows = group.tiling[block].count
          table.multiplyBlocks(
            tiles + (block * height * depth + first * rows) * winograd.points + p * rows * Self.block,
            rows, winograd.points * rows * Self.block, count / Self.block, points + p * stride, first > 0,
            products + p * room.pointStride + (block - set.lowerBound) * height * width, width)
        }
      }
    }
    panels.withUnsafePointer { panels in
      let weights = panels + panel * panelStride
      if isTransformed {
        add(weights, stride: depth * width, from: 0, count: depth, next: nil)
        return
      }
      let points = products + room.products + room.tile
      for first in stride(from: 0, to: depth, by: room.chunk) {
        let count = min(room.chunk, depth - first)
        winograd.weights(weights + first * 9 * width, count, points, room.weightStride)
        let following =
          first + count < depth
          ? weights + (first + count) * 9 * width
          : next != panel && next < panelCount ? panels + next * panelStride : nil
        add(points, stride: room.weightStride, from: first, count: count, next: following)
      }
    }
    let firstTile = set.lowerBound * height
    for tile in firstTile..<min(set.upperBound * height, group.tiling.count) {
      write(
        products + (tile - firstTile) * width, room.pointStride, group.pixels(ofTile: tile), panel: panel,
        residual: pass.residual, into: pass.out, scratch: products + room.products)
    }
  }

  /// Transforms the products of one tile and one panel back.
  private func write(
    _ products: UnsafePointer<Float>, _ pointStride: Int, _ pixels: TileGrid.Pixels, panel: Int,
    residual: UnsafePointer<Float>?, into out: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let width = table.tileColumns
    let channels = columns
    let column = panel * width
    let offset = pixels.first * channels + column
    bias.withUnsafePointer { bias in
      if column + width <= channels {
        winograd.output(
          products, pointStride, bias + column, residual.map { $0 + offset }, out + offset,
          pixels.lineStride * channels,
          channels, pixels.rows, pixels.columns)
        return
      }
      // The output has fewer channels than the panel: through a whole tile beside it.
      let count = channels - column
      winograd.output(
        products, pointStride, bias + column, nil, scratch, winograd.outputSide * width, width, pixels.rows,
        pixels.columns)
      for y in 0..<pixels.rows {
        for x in 0..<pixels.columns {
          let target = offset + (y * pixels.lineStride + x) * channels
          for c in 0..<count {
            let value = scratch[(winograd.outputSide * y + x) * width + c]
            out[target + c] = residual.map { value + $0[target + c] } ?? value
          }
        }
      }
    }
  }
}
