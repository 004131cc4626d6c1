import KernelTable

/// A convolution with kernel 3×3 and stride 1 by Winograd's F(m×m, 3×3) (Lavin & Gray 2016): tiles of (m + 2)² pixels and the
/// weights are transformed to as many points, at each of which a matrix product takes the place of the convolution, and the
/// products are transformed back to m×m pixels. With m = 4 that needs a quarter of the multiplications, with m = 2 4/9.
struct WinogradConvolution: Sendable {
  /// Input channels are taken in blocks of this many.
  static let block = 16
  /// Room for the transformed tiles that a thread works on at a time: the more, the fewer times weights are transformed.
  private static let tileBytes = 4 << 20
  /// The same where weights are kept transformed: then tiles should stay in the second-level cache.
  private static let tileBytesForKeptWeights = 384 << 10

  // The rules below are fitted to measurements; see PERFORMANCE.md.

  /// Transformed weights of fewer bytes are kept: they stay in a cache. Others take four times the room of the weights, and
  /// reading so much takes longer than transforming them anew for each group of tiles.
  private static let smallWeights = 1_500_000
  /// Up to how many pixels of a picture F(2×2, 3×3) is used: one tile of F(4×4, 3×3).
  private static let fewPixels = 16
  /// From how many tiles for each thread on threads share tiles rather than weights, if those must be transformed.
  private static let manyTiles = 32

  let table: KernelTable
  let winograd: KernelTable.Winograd
  /// Input and output channels.
  let depth: Int
  private let columns: Int
  private let bias: Tensor
  /// `[panels, depth, 9, tileColumns]`, or `[panels, points, depth, tileColumns]` if they are transformed.
  private let panels: Tensor
  let isTransformed: Bool

  private var panelCount: Int { panels.shape[0] }
  private var panelStride: Int { panels.count / panelCount }

  /// The side of the tiles it puts out.
  var tileSide: Int { winograd.outputSide }

  /// - Parameters:
  ///   - weight: `[O, I, 3, 3]`, I a multiple of 16.
  ///   - bias: `[O]`.
  ///   - outputPixels: of a picture, if known: where they are few, the smaller tiles pay.
  ///   - isTransposed: whether it is the layer that takes the gradient of the output of the layer of `weight` to that of its
  ///     input: then O is a multiple of 16, and the bias is `[I]`.
  init(weight: Tensor, bias: Tensor, outputPixels: Int?, isTransposed flips: Bool = false) {
    precondition(
      weight.shape.count == 4 && weight.shape[flips ? 0 : 1] % Self.block == 0 && weight.shape.dropFirst(2) == [3, 3],
      "Winograd's convolution cannot have a weight of shape \(weight.shape)")
    let table = KernelChoice.current
    let (columns, depth, width) = (weight.shape[flips ? 1 : 0], weight.shape[flips ? 0 : 1], table.tileColumns)
    (self.table, self.depth, self.columns) = (table, depth, columns)
    winograd = Self.usesSmallTiles(outputPixels) ? table.winogradF2 : table.winogradF4
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
          let count = min(width, columns - first)
          if count < width { raw.update(repeating: 0, count: 9 * depth * width) }
          if flips {
            for o in 0..<depth {
              table.packing.flipTaps(weight + (o * columns + first) * 9, count, raw + o * 9 * width, width)
            }
          } else {
            table.packing.transpose(weight + first * depth * 9, count, depth * 9, raw, width)
          }
          if isTransformed { transform(raw, depth, target, depth * width, nil) }
        }
      }
    }
  }

  /// Whether F(2×2, 3×3) is used for pictures of so many pixels.
  static func usesSmallTiles(_ outputPixels: Int?) -> Bool { outputPixels.map { $0 <= fewPixels } ?? false }

  /// `[N, H, W, I]` → `[N, H, W, O]`, plus `residual` of that shape.
  func callAsFunction(_ input: FusedInput, adding residual: Tensor?) -> Tensor {
    let shape = input.shape
    let grid = TileGrid(side: winograd.outputSide, batch: shape[0], height: shape[1], width: shape[2])
    let threads = ThreadPool.shared.threads
    let bytes = isTransformed ? Self.tileBytesForKeptWeights : Self.tileBytes
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

  /// How the input is transformed.
  private var input: WinogradInput { WinogradInput(winograd: winograd, depth: depth) }

  /// Where the points of a group of tiles lie.
  private func tileLayout(_ tiling: Tiling) -> WinogradInput.Layout { .init(input, tiling) }

  /// What one call reads and writes.
  private struct Pass: @unchecked Sendable {
    let reader: FusedInput.Reader
    let residual: UnsafePointer<Float>?
    let out: UnsafeMutablePointer<Float>
  }

  // MARK: - Who does what

  /// Room for `compute`: the transformed tiles, and what the steps need.
  private func scratch(_ grid: TileGrid, tiles: Int) -> Int {
    let tiling = Tiling(count: tiles, most: table.tileRows)
    let product = ProductRoom(self, tileRows: tiling.height, blocks: tiling.tiles)
    return tileLayout(tiling).count + max(WinogradInput.Strip(input, grid).count, product.count)
  }

  /// All that a group of tiles needs, on one thread.
  private func compute(_ pass: Pass, _ group: TileGroup, _ tiles: UnsafeMutablePointer<Float>) {
    let strip = WinogradInput.Strip(input, group.grid)
    let room = tiles + tileLayout(group.tiling).count
    for lines in group.strips(mostLines: strip.lines) {
      for channel in stride(from: 0, to: depth, by: strip.channels) {
        input.transform(pass.reader, group, lines, channel, strip, room, into: tiles, tileLayout(group.tiling))
      }
    }
    for panel in 0..<panelCount {
      multiply(pass, tiles, group, panel, 0..<group.tiling.tiles, next: panel + 1, room)
    }
  }

  /// The same, by all threads together.
  private func share(_ pass: Pass, _ group: TileGroup) {
    let strip = WinogradInput.Strip(input, group.grid)
    let strips = group.strips(mostLines: strip.lines)
    let chunks = depth / strip.channels
    // Blocks of tiles share the weights that are read or transformed for them, which is worth four or five blocks' products;
    // beyond that there should be items enough for all threads.
    let threads = ThreadPool.shared.threads
    let fewest = isTransformed ? 2 : 6
    let sets = Tiling(
      count: group.tiling.tiles,
      most: panelCount >= 4 * threads ? Self.blocksPerSet : panelCount >= threads ? fewest : max(1, fewest / 3))
    let room = ProductRoom(self, tileRows: group.tiling.height, blocks: sets.height)
    var tiles = Tensor(uninitialized: [tileLayout(group.tiling).count])
    tiles.withUnsafeMutablePointer { tiles in
      ThreadPool.shared.forEach(strips.count * chunks, scratch: strip.count) { item, scratch in
        let (lines, chunk) = item.quotientAndRemainder(dividingBy: chunks)
        input.transform(
          pass.reader, group, strips[lines], chunk * strip.channels, strip, scratch, into: tiles,
          tileLayout(group.tiling))
      }
      ThreadPool.shared.forEach(sets.tiles * panelCount, scratch: room.count) { item, scratch in
        let (panel, set) = item.quotientAndRemainder(dividingBy: sets.tiles)
        multiply(pass, tiles, group, panel, sets[set], next: (item + 1) / sets.tiles, scratch)
      }
    }
  }

  // MARK: - Steps

  /// Multiplies blocks of a group's tiles with a panel of weights and transforms the products back. Meanwhile fetches the
  /// weights that come next, which are those of the panel `next` in the end.
  private func multiply(
    _ pass: Pass, _ tiles: UnsafePointer<Float>, _ group: TileGroup, _ panel: Int, _ blocks: Range<Int>, next: Int,
    _ products: UnsafeMutablePointer<Float>
  ) {
    let width = table.tileColumns
    let height = group.tiling.height
    let layout = tileLayout(group.tiling)
    let room = ProductRoom(self, tileRows: height, blocks: blocks.count)
    let transformed = products + room.products + room.tile
    panels.withUnsafePointer { panels in
      let weights = panels + panel * panelStride
      for number in 0..<room.sets.tiles {
        let set = room.sets[number]
        let firstTile = (blocks.lowerBound + set.lowerBound) * height
        let endTile = min((blocks.lowerBound + set.upperBound) * height, group.tiles.count)
        for first in stride(from: 0, to: depth, by: room.chunk) {
          let count = min(room.chunk, depth - first)
          let following = number > 0 ? nil : rawWeights(after: first + count, of: panel, then: next, panels)
          if !isTransformed && number == 0 {
            winograd.weights(weights + first * 9 * width, count, transformed, room.weightStride, following)
          }
          let points = isTransformed ? weights : UnsafePointer(transformed)
          let blocks = count / Self.block
          var ahead = FetchAhead(
            self, following, channels: count, points: points, weightStride: room.weightStride,
            blocks: set.count * blocks)
          let rows =
            tiles + firstTile / height * layout.blockStride + first / Self.block * layout.channelStride
          for p in 0..<winograd.points {
            table.multiplyBlocks(
              rows + p * layout.pointStride, endTile - firstTile, height, layout.blockStride, layout.channelStride,
              blocks, points + p * room.weightStride, first > 0, products + p * room.pointStride, width,
              ahead.address, ahead.lines)
            ahead.address += ahead.step
          }
        }
        for tile in firstTile..<endTile {
          write(
            products + (tile - firstTile) * width, room.pointStride, group.pixels(ofTile: tile), panel: panel,
            residual: pass.residual, into: pass.out, scratch: products + room.products)
        }
      }
    }
  }

  /// The weights to be transformed next: those of a panel's other input channels, or those of the panel `next`; nil if there are
  /// none.
  private func rawWeights(after channel: Int, of panel: Int, then next: Int, _ panels: UnsafePointer<Float>)
    -> UnsafePointer<Float>?
  {
    if isTransformed { return nil }
    if channel < depth { return panels + panel * panelStride + channel * 9 * table.tileColumns }
    return next != panel && next < panelCount ? panels + next * panelStride : nil
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
