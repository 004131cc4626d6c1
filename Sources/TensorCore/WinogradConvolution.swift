import KernelTable

/// A convolution with kernel 3×3 and stride 1 by Winograd's F(4×4, 3×3) (Lavin & Gray 2016): tiles of 6×6 pixels and the
/// weights are transformed to 36 points, at each of which a matrix product takes the place of the convolution, and the
/// products are transformed back to 4×4 pixels. That needs a quarter of the multiplications.
struct WinogradConvolution: Sendable {
  /// Points of a transformed tile.
  static let points = 36
  /// Input channels are taken in blocks of this many.
  static let block = 16
  /// Room for the transformed tiles that are worked on at a time: they should stay in the near caches.
  private static let tileBytes = 4 << 20
  /// The room that a strip of pixels may take on its way to being transformed.
  private static let stripBytes = 160 << 10
  /// Input channels whose weights are transformed at a time, if that is done on the fly.
  private static let weightDepth = 64

  /// From how many pixels on transformed weights are kept.
  private static let manyPixels = 16 * 31

  let weights: PackedWeights
  /// `[panels, 36, depth, tileColumns]`; nil if weights are transformed whenever they are used.
  let transformed: Tensor?

  /// - Parameters:
  ///   - weights: those of a 3×3 convolution, the depth a multiple of 16.
  ///   - outputPixels: of a picture, if known. Where they are many, the transformed weights are kept, which take four times
  ///     the room of the weights; where they are few, reading so much would take longer than transforming anew.
  init(_ weights: PackedWeights, outputPixels: Int?) {
    precondition(weights.taps == 9 && weights.depth % Self.block == 0, "not weights for Winograd's convolution")
    self.weights = weights
    guard let outputPixels, outputPixels >= Self.manyPixels else {
      transformed = nil
      return
    }
    let (table, depth) = (weights.table, weights.depth)
    let pointStride = depth * table.tileColumns
    transformed = weights.panels.withUnsafePointer { panels in
      Tensor([weights.panelCount, Self.points, depth, table.tileColumns]) { out in
        ThreadPool.shared.forEach(weights.panelCount) { panel in
          table.winogradWeights(
            panels + panel * weights.panelStride, pointStride, depth, out + panel * Self.points * pointStride, pointStride)
        }
      }
    }
  }

  /// `[N, H, W, I]` → `[N, H, W, O]`, plus `residual` of that shape.
  func callAsFunction(_ input: LayerInput, adding residual: Tensor?) -> Tensor {
    let shape = input.shape
    let grid = TileGrid(batch: shape[0], height: shape[1], width: shape[2])
    let tileFloats = Self.points * weights.depth
    let linesPerGroup = grid.linesPerGroup(
      mostTiles: max(4 * weights.table.tileRows, Self.tileBytes / (tileFloats * MemoryLayout<Float>.stride)))
    return input.withReader { reader in
      residual.withUnsafePointerIfAny { residual in
        Tensor([shape[0], shape[1], shape[2], weights.columns]) { out in
          var tiles = Tensor(uninitialized: [linesPerGroup * grid.columns, tileFloats])
          tiles.withUnsafeMutablePointer { tiles in
            for first in stride(from: 0, to: grid.lines, by: linesPerGroup) {
              let group = TileGroup(
                grid: grid, lines: first..<min(first + linesPerGroup, grid.lines), mostRows: weights.table.tileRows)
              transformInput(reader, group, into: tiles)
              multiply(tiles, group, residual: residual, into: out)
            }
          }
        }
      }
    }
  }

  /// Transforms a group's tiles. Tile r of a block of h tiles has channel c of point p at
  /// `(c / 16 · 36 + p) · 16h + 16r + c % 16` from the start of the block.
  private func transformInput(_ reader: LayerInput.Reader, _ group: TileGroup, into out: UnsafeMutablePointer<Float>) {
    let (table, depth, grid) = (weights.table, weights.depth, group.grid)
    // A strip is some lines of tiles of one picture in some channels, with a margin of a pixel on each side.
    let width = 4 * grid.columns + 2
    let channels = depth % 32 == 0 ? 32 : 16
    let rowStride = width * channels
    let linesPerStrip = max(1, min(grid.rows, Self.stripBytes / (4 * rowStride * MemoryLayout<Float>.stride)))
    let strips = group.strips(mostLines: linesPerStrip)
    let chunks = depth / channels
    ThreadPool.shared.forEach(strips.count * chunks, scratch: (4 * linesPerStrip + 2) * rowStride) { item, strip in
      let lines = strips[item / chunks]
      let channel = item % chunks * channels
      for y in 0..<4 * lines.count + 2 {
        let row = strip + y * rowStride
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
        let pixels = strip + 4 * (line - lines.lowerBound) * rowStride
        for column in 0..<grid.columns {
          let (block, row) = group.place(line, column)
          let height = group.tiling[block].count
          table.winogradInput(
            pixels + 4 * column * channels, rowStride, channels, channels,
            out + (block * group.tiling.height * depth + channel * height) * Self.points + row * Self.block,
            height * Self.block)
        }
      }
    }
  }

  /// Multiplies a group's tiles with the weights and transforms the products back.
  private func multiply(
    _ tiles: UnsafePointer<Float>, _ group: TileGroup, residual: UnsafePointer<Float>?,
    into out: UnsafeMutablePointer<Float>
  ) {
    let (table, depth) = (weights.table, weights.depth)
    let width = table.tileColumns
    // A set of blocks of tiles shares the weights that are read or transformed for it.
    let blocks = group.tiling.tiles
    let blocksPerSet = transformed == nil ? blocks : 2
    let sets = (blocks + blocksPerSet - 1) / blocksPerSet
    let pointStride = blocksPerSet * group.tiling.height * width
    let chunk = min(Self.weightDepth, depth)
    let room = (products: Self.points * pointStride, tile: 16 * width, weights: Self.points * chunk * width)
    ThreadPool.shared.forEach(
      sets * weights.panelCount, scratch: room.products + room.tile + (transformed == nil ? room.weights : 0)
    ) { item, products in
      let (panel, number) = item.quotientAndRemainder(dividingBy: sets)
      let set = number * blocksPerSet..<min((number + 1) * blocksPerSet, blocks)
      /// Adds what the input channels from `first` on, `count` of them, contribute.
      func add(_ points: UnsafePointer<Float>, stride: Int, from first: Int, count: Int) {
        for p in 0..<Self.points {
          for block in set {
            let height = group.tiling[block].count
            table.multiplyBlocks(
              tiles + (block * group.tiling.height * depth + first * height) * Self.points + p * height * Self.block,
              height, Self.points * height * Self.block, count / Self.block, points + p * stride, first > 0,
              products + p * pointStride + (block - set.lowerBound) * group.tiling.height * width, width)
          }
        }
      }
      if let transformed {
        transformed.withUnsafePointer {
          add($0 + panel * Self.points * depth * width, stride: depth * width, from: 0, count: depth)
        }
      } else {
        let points = products + room.products + room.tile
        weights.panels.withUnsafePointer { panels in
          for first in stride(from: 0, to: depth, by: chunk) {
            let count = min(chunk, depth - first)
            table.winogradWeights(
              panels + panel * weights.panelStride + first * width, depth * width, count, points, count * width)
            add(points, stride: count * width, from: first, count: count)
          }
        }
      }
      let firstTile = set.lowerBound * group.tiling.height
      for tile in firstTile..<min(set.upperBound * group.tiling.height, group.tiling.count) {
        write(
          products + (tile - firstTile) * width, pointStride, group.pixels(ofTile: tile), panel: panel, residual: residual,
          into: out, scratch: products + room.products)
      }
    }
  }

  /// Transforms the products of one tile and one panel back.
  private func write(
    _ products: UnsafePointer<Float>, _ pointStride: Int, _ pixels: TileGrid.Pixels, panel: Int,
    residual: UnsafePointer<Float>?, into out: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let table = weights.table
    let width = table.tileColumns
    let channels = weights.columns
    let column = panel * width
    let offset = pixels.first * channels + column
    weights.bias.withUnsafePointer { bias in
      if column + width <= channels {
        table.winogradOutput(
          products, pointStride, bias + column, residual.map { $0 + offset }, out + offset, pixels.lineStride * channels,
          channels, pixels.rows, pixels.columns)
        return
      }
      // The output has fewer channels than the panel: through a whole tile beside it.
      let count = channels - column
      table.winogradOutput(
        products, pointStride, bias + column, nil, scratch, 4 * width, width, pixels.rows, pixels.columns)
      for y in 0..<pixels.rows {
        for x in 0..<pixels.columns {
          let target = offset + (y * pixels.lineStride + x) * channels
          for c in 0..<count {
            let value = scratch[(4 * y + x) * width + c]
            out[target + c] = residual.map { value + $0[target + c] } ?? value
          }
        }
      }
    }
  }
}
