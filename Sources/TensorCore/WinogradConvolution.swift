import KernelTable

/// A convolution with kernel 3×3 and stride 1 by Winograd's F(m×m, 3×3) (Lavin & Gray 2016): tiles of (m + 2)² pixels and the
/// weights are transformed to as many points, at each of which a matrix product takes the place of the convolution, and the
/// products are transformed back to m×m pixels. With m = 4 that needs a quarter of the multiplications, with m = 2 4/9.
struct WinogradConvolution: Sendable {
  /// Input channels are taken in blocks of this many.
  static let block = 16
  /// Room for the transformed tiles that are worked on at a time: they should stay in the near caches.
  private static let tileBytes = 4 << 20
  /// The room that a strip of pixels may take on its way to being transformed.
  private static let stripBytes = 160 << 10
  /// Input channels whose weights are transformed at a time, if that is done on the fly.
  private static let weightDepth = 64

  // The rule of which form weights are kept in, and which tile is used, is fitted to measurements; see PERFORMANCE.md.

  /// From how many pixels of a picture on transformed weights are kept: 31 tiles of F(4×4, 3×3).
  private static let manyPixels = 32 * 33
  /// Transformed weights of fewer bytes are kept for smaller pictures too: they stay in a cache.
  private static let smallWeights = 1_500_000
  /// Up to how many pixels of a picture F(2×2, 3×3) is used: one tile of F(4×4, 3×3).
  private static let fewPixels = 16

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
  ///   - outputPixels: of a picture, if known. Where they are many, the transformed weights are kept, which take four times
  ///     the room of the weights; where they are fewer, reading so much would take longer than transforming anew; where they
  ///     are fewest, the smaller tiles pay. 
  init(weight: Tensor, bias: Tensor, outputPixels: Int?) {
    precondition(
      weight.shape.count == 4 && weight.shape[1] % Self.block == 0 && weight.shape.dropFirst(2) == [3, 3],
      "Winograd's convolution cannot have a weight of shape \(weight.shape)")
    let table = KernelChoice.current
    let (columns, depth, width) = (weight.shape[0], weight.shape[1], table.tileColumns)
    (self.table, self.depth, self.columns) = (table, depth, columns)
    winograd = outputPixels.map { $0 <= Self.fewPixels } ?? false ? table.winogradF2 : table.winogradF4
    let (points, transform) = (winograd.points, winograd.weights)
    let isTransformed =
      outputPixels ?? 0 >= Self.manyPixels
      || points * depth * columns * MemoryLayout<Float>.stride < Self.smallWeights
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
    let tileFloats = winograd.points * depth
    let linesPerGroup = grid.linesPerGroup(
      mostTiles: max(4 * table.tileRows, Self.tileBytes / (tileFloats * MemoryLayout<Float>.stride)))
    return input.withReader { reader in
      residual.withUnsafePointerIfAny { residual in
        Tensor([shape[0], shape[1], shape[2], columns]) { out in
          var tiles = Tensor(uninitialized: [linesPerGroup * grid.columns, tileFloats])
          tiles.withUnsafeMutablePointer { tiles in
            for first in stride(from: 0, to: grid.lines, by: linesPerGroup) {
              let group = TileGroup(
                grid: grid, lines: first..<min(first + linesPerGroup, grid.lines), mostRows: table.tileRows)
              transformInput(reader, group, into: tiles)
              multiply(tiles, group, residual: residual, into: out)
            }
          }
        }
      }
    }
  }

  /// Transforms a group's tiles. Tile r of a block of h tiles has channel c of point p at
  /// `(c / 16 · points + p) · 16h + 16r + c % 16` from the start of the block.
  private func transformInput(_ reader: LayerInput.Reader, _ group: TileGroup, into out: UnsafeMutablePointer<Float>) {
    let grid = group.grid
    // A strip is some lines of tiles of one picture in some channels, with a margin of a pixel on each side.
    let side = winograd.outputSide
    let width = side * grid.columns + 2
    let channels = depth % 32 == 0 ? 32 : 16
    let rowStride = width * channels
    let linesPerStrip = max(1, min(grid.rows, Self.stripBytes / (side * rowStride * MemoryLayout<Float>.stride)))
    let strips = group.strips(mostLines: linesPerStrip)
    let chunks = depth / channels
    ThreadPool.shared.forEach(strips.count * chunks, scratch: (side * linesPerStrip + 2) * rowStride) { item, strip in
      let lines = strips[item / chunks]
      let channel = item % chunks * channels
      for y in 0..<side * lines.count + 2 {
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
        let pixels = strip + side * (line - lines.lowerBound) * rowStride
        for column in 0..<grid.columns {
          let (block, row) = group.place(line, column)
          let height = group.tiling[block].count
          winograd.input(
            pixels + side * column * channels, rowStride, channels, channels,
            out + (block * group.tiling.height * depth + channel * height) * winograd.points + row * Self.block,
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
    let width = table.tileColumns
    // A set of blocks of tiles shares the weights that are read or transformed for it.
    let blocks = group.tiling.tiles
    // Transforming weights is worth four or five blocks' products; beyond that threads should have items enough.
    let threads = ThreadPool.shared.threads
    let fewest = isTransformed ? 2 : 6
    let blocksPerSet = min(blocks, panelCount >= 4 * threads ? max(fewest, 8) : panelCount >= threads ? fewest : max(1, fewest / 3))
    let sets = (blocks + blocksPerSet - 1) / blocksPerSet
    let pointStride = blocksPerSet * group.tiling.height * width
    let chunk = min(Self.weightDepth, depth)
    // A line more than the weights take: at a distance of a power of two, all points would fall into a few sets of a cache.
    let weightStride = chunk * width + 16
    let room = (products: winograd.points * pointStride, tile: winograd.outputSide * winograd.outputSide * width, weights: winograd.points * weightStride)
    ThreadPool.shared.forEach(
      sets * panelCount, scratch: room.products + room.tile + (isTransformed ? 0 : room.weights)
    ) { item, products in
      let (panel, number) = item.quotientAndRemainder(dividingBy: sets)
      let set = number * blocksPerSet..<min((number + 1) * blocksPerSet, blocks)
      /// Adds what the input channels from `first` on, `count` of them, contribute; meanwhile fetches what comes `next`.
      func add(
        _ points: UnsafePointer<Float>, stride: Int, from first: Int, count: Int, next: UnsafePointer<Float>?,
        nextCount: Int
      ) {
        let fetched = (nextCount + winograd.points - 1) / winograd.points
        for p in 0..<winograd.points {
          if let next { table.prefetch(next + p * fetched, fetched) }
          for block in set {
            let height = group.tiling[block].count
            table.multiplyBlocks(
              tiles + (block * group.tiling.height * depth + first * height) * winograd.points + p * height * Self.block,
              height, winograd.points * height * Self.block, count / Self.block, points + p * stride, first > 0,
              products + p * pointStride + (block - set.lowerBound) * group.tiling.height * width, width)
          }
        }
      }
      panels.withUnsafePointer { panels in
        let panel = panels + panel * panelStride
        if isTransformed {
          add(panel, stride: depth * width, from: 0, count: depth, next: nil, nextCount: 0)
          return
        }
        let points = products + room.products + room.tile
        for first in stride(from: 0, to: depth, by: chunk) {
          let count = min(chunk, depth - first)
          let weights = panel + first * 9 * width
          winograd.weights(weights, count, points, weightStride)
          // Past the last panel's end there is nothing to read, but nothing is read by fetching it either.
          add(
            points, stride: weightStride, from: first, count: count, next: weights + count * 9 * width,
            nextCount: chunk * 9 * width)
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
    let width = table.tileColumns
    let channels = columns
    let column = panel * width
    let offset = pixels.first * channels + column
    bias.withUnsafePointer { bias in
      if column + width <= channels {
        winograd.output(
          products, pointStride, bias + column, residual.map { $0 + offset }, out + offset, pixels.lineStride * channels,
          channels, pixels.rows, pixels.columns)
        return
      }
      // The output has fewer channels than the panel: through a whole tile beside it.
      let count = channels - column
      winograd.output(
        products, pointStride, bias + column, nil, scratch, winograd.outputSide * width, width, pixels.rows, pixels.columns)
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
