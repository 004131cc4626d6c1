import KernelTable

/// A convolution with kernel 3×3 and stride 1 by Winograd's F(m×m, 3×3) (Lavin & Gray 2016): tiles of (m + 2)² pixels
/// and the weights are transformed to as many points, at each of which a matrix product replaces the convolution, and
/// the products are transformed back to m×m pixels. That takes 1/4 of the multiplications for m = 4, and 4/9 for m = 2.
struct WinogradConvolution: Sendable {
  /// Input channels are processed in blocks of this size.
  static let block = 16
  /// Memory for the transformed tiles that a thread processes at a time: beyond that, weights are transformed once for
  /// all groups of tiles.
  private static let tileBytes = 4 << 20
  /// The same if weights are transformed once: the tiles should stay in the L2 cache, but weights are read for each
  /// group.
  private static let tileBytesForCommonWeights = 1 << 20
  /// The same if transformed weights are kept: then both should stay in the L2 cache.
  private static let tileBytesForKeptWeights = 384 << 10

  // The thresholds below are tuned by measurement; see PERFORMANCE.md.

  /// Transformed weights of fewer bytes are kept, since they fit in a cache. Larger ones take four times the memory of
  /// the weights, and reading that takes longer than transforming the weights again for a group of tiles.
  private static let smallWeights = 1_500_000
  /// F(2×2, 3×3) is used for pictures of at most this many pixels, one tile of F(4×4, 3×3).
  private static let fewPixels = 16
  /// From this many tiles per thread on, threads divide tiles rather than weights, if weights must be transformed.
  private static let manyTiles = 32

  let table: KernelTable
  let winograd: KernelTable.Winograd
  /// Input and output channels.
  let depth: Int
  private let columns: Int
  private let bias: Tensor
  /// `[panels, depth, 9, tileColumns]`, or `[panels, points, depth, tileColumns]` if transformed.
  private var panels: Tensor
  private(set) var isTransformed: Bool
  /// The memory for the transformed tiles that a thread processes at a time.
  private var tileBytes: Int

  private var panelCount: Int { panels.shape[0] }
  private var panelStride: Int { panels.count / panelCount }

  /// The side of an output tile.
  var tileSide: Int { winograd.outputSide }

  /// - Parameters:
  ///   - weight: `[O, I, 3, 3]`, I a multiple of 16.
  ///   - bias: `[O]`.
  ///   - outputPixels: the pixels of an output picture, if known; for few, smaller tiles are faster.
  ///   - isTransposed: whether to compute the gradient of the input of the layer with this weight, given that of its
  ///     output. Then O is a multiple of 16, and the bias is `[I]`.
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
    tileBytes = isTransformed ? Self.tileBytesForKeptWeights : Self.tileBytes
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
          if isTransformed {
            transform(raw, depth, 0..<points, .init(target, stride: depth * width), .init(raw, lines: 0))
          }
        }
      }
    }
  }

  /// Whether F(2×2, 3×3) is used for pictures of this many pixels.
  static func usesSmallTiles(_ outputPixels: Int?) -> Bool { outputPixels.map { $0 <= fewPixels } ?? false }

  /// `[N, H, W, I]` → `[N, H, W, O]`, plus `residual` of that shape.
  func callAsFunction(_ input: FusedInput, adding residual: Tensor?) -> Tensor {
    let shape = input.shape
    return residual.withUnsafePointerIfAny { residual in
      Tensor([shape[0], shape[1], shape[2], columns]) { out in
        write(input, adding: residual, into: .init(out, stride: columns))
      }
    }
  }

  /// Writes the output's pixels to the rows `out`.
  ///
  /// - Parameters:
  ///   - input: `[N, H, W, I]`.
  ///   - margin: the zeros around it, 1 or 0.
  ///   - rectifies: whether negative values become 0.
  ///   - residual: laid out as `out`.
  ///   - out: N · H · W of them, or N · (H - 2) · (W - 2) without a margin.
  func write(
    _ input: FusedInput, margin: Int = 1, rectifies: Bool = false, adding residual: UnsafePointer<Float>? = nil,
    into out: KernelTable.MutableRows
  ) {
    let shape = input.shape
    let grid = TileGrid(
      side: winograd.outputSide, batch: shape[0], height: shape[1] - 2 + 2 * margin,
      width: shape[2] - 2 + 2 * margin, margin: margin)
    let threads = ThreadPool.shared.threads
    let most = max(4 * table.tileRows, tileBytes / (winograd.points * depth * MemoryLayout<Float>.stride))
    let rounds = (grid.tiles + threads * most - 1) / (threads * most)
    if !isTransformed && rounds > 1 {
      return transformingWeights().write(input, margin: margin, rectifies: rectifies, adding: residual, into: out)
    }
    input.withReader { reader in
      let pass = Pass(reader: reader, residual: residual, out: out, rectifies: rectifies)
      // With enough tiles for all threads, each thread transforms and multiplies its own, and finds what it has
      // written in its own cache. Otherwise threads divide the work of each step.
      let areMany = grid.tiles >= threads * (isTransformed ? table.tileRows / 2 : Self.manyTiles)
      if threads == 1 || areMany {
        let groups = Tiling(count: grid.tiles, most: (grid.tiles + rounds * threads - 1) / (rounds * threads))
        ThreadPool.shared.forEach(groups.tiles, scratch: scratch(grid, tiles: groups.height)) { item, room in
          computeAlone(pass, TileGroup(grid: grid, tiles: groups[item], mostRows: table.tileRows), room)
        }
      } else {
        let groups = Tiling(count: grid.tiles, most: most)
        for item in 0..<groups.tiles {
          computeTogether(pass, TileGroup(grid: grid, tiles: groups[item], mostRows: table.tileRows))
        }
      }
    }
  }

  /// The same layer with weights that are transformed once for all tiles.
  private func transformingWeights() -> WinogradConvolution {
    var copy = self
    let (points, width) = (winograd.points, table.tileColumns)
    copy.isTransformed = true
    copy.tileBytes = Self.tileBytesForCommonWeights
    copy.panels = panels.withUnsafePointer { panels in
      Tensor([panelCount, points, depth, width]) { out in
        let chunks = (depth + Self.weightDepth - 1) / Self.weightDepth
        ThreadPool.shared.forEach(panelCount * chunks) { item in
          let (panel, chunk) = item.quotientAndRemainder(dividingBy: chunks)
          let first = chunk * Self.weightDepth
          let raw = panels + panel * panelStride + first * 9 * width
          winograd.weights(
            raw, min(Self.weightDepth, depth - first), 0..<points,
            .init(out + (panel * points * depth + first) * width, stride: depth * width), .init(raw, lines: 0))
        }
      }
    }
    return copy
  }

  /// The transform of the input.
  private var input: WinogradInput { WinogradInput(winograd: winograd, depth: depth) }

  /// The layout of the points of a group of tiles.
  private func tileLayout(_ tiling: Tiling) -> WinogradInput.Layout { .init(input, tiling) }

  /// The memory that one call reads and writes.
  private struct Pass: @unchecked Sendable {
    let reader: FusedInput.Reader
    let residual: UnsafePointer<Float>?
    let out: KernelTable.MutableRows
    let rectifies: Bool
  }

  /// The additions and multiplications that an output of shape `[N, H, W, O]` takes: the products, the transforms of
  /// tiles and of products, and once those of weights that are not kept.
  func operations(_ output: [Int]) -> Int {
    let grid = TileGrid(side: winograd.outputSide, batch: output[0], height: output[1], width: output[2])
    let each = winograd.operations
    return grid.tiles * (2 * winograd.points * depth * columns + each.input * depth + each.output * columns)
      + (isTransformed ? 0 : each.weights * depth * columns)
  }

  // MARK: - Division of the work

  /// The scratch floats of `computeAlone`: the transformed tiles, and what the steps need.
  private func scratch(_ grid: TileGrid, tiles: Int) -> Int {
    let tiling = Tiling(count: tiles, most: table.tileRows)
    let product = ProductRoom(self, tileRows: tiling.height, blocks: tiling.tiles)
    return tileLayout(tiling).count + max(WinogradInput.Strip(input, grid).count, product.count)
  }

  /// Computes a group of tiles on one thread.
  private func computeAlone(_ pass: Pass, _ group: TileGroup, _ tiles: UnsafeMutablePointer<Float>) {
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

  /// Computes a group of tiles on all threads.
  private func computeTogether(_ pass: Pass, _ group: TileGroup) {
    let strip = WinogradInput.Strip(input, group.grid)
    let strips = group.strips(mostLines: strip.lines)
    let chunks = depth / strip.channels
    // The blocks of a set share the weights read or transformed for them, which costs as much as the products of four
    // or five blocks. Beyond that size there should rather be enough items for all threads.
    let threads = ThreadPool.shared.threads
    let fewest = isTransformed ? 2 : 6
    let forAllThreads = group.tiling.tiles * panelCount / threads
    let sets = Tiling(
      count: group.tiling.tiles,
      most: panelCount >= 4 * threads
        ? Self.blocksPerSet : panelCount >= threads ? fewest : max(1, min(fewest / 3, forAllThreads)))
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

  /// Multiplies blocks of a group's tiles with a panel of weights and transforms the products back. Prefetches the
  /// weights that come next, at the end those of panel `next`.
  private func multiply(
    _ pass: Pass, _ tiles: UnsafePointer<Float>, _ group: TileGroup, _ panel: Int, _ blocks: Range<Int>, next: Int,
    _ products: UnsafeMutablePointer<Float>
  ) {
    let width = table.tileColumns
    let height = group.tiling.height
    let layout = tileLayout(group.tiling)
    let room = ProductRoom(self, tileRows: height, blocks: blocks.count)
    let transformed = products + room.products + room.tile
    let parts = room.isNear ? winograd.parts : [0..<winograd.points]
    panels.withUnsafePointer { panels in
      let weights = panels + panel * panelStride
      for number in 0..<room.sets.tiles {
        let set = room.sets[number]
        let firstTile = (blocks.lowerBound + set.lowerBound) * height
        let endTile = min((blocks.lowerBound + set.upperBound) * height, group.tiles.count)
        for first in stride(from: 0, to: depth, by: room.chunk) {
          let count = min(room.chunk, depth - first)
          let following = number > 0 ? nil : rawWeights(after: first + count, of: panel, then: next, panels)
          var ahead = FetchAhead(
            self, room, raw: following, kept: weights + room.weightStride, channels: count, blocks: set.count)
          let rows =
            tiles + firstTile / height * layout.blockStride + first / Self.block * layout.channelStride
            + first % Self.block
          for part in parts {
            if !isTransformed && number == 0 {
              winograd.weights(
                weights + first * 9 * width, count, part, .init(transformed, stride: room.weightStride),
                ahead.duringTransform())
            }
            table.multiplyBlocks(
              .init(
                rows + part.lowerBound * layout.pointStride, count: endTile - firstTile, tileHeight: height,
                tileStride: layout.blockStride), .init(stride: layout.channelStride, count: count),
              isTransformed ? weights : UnsafePointer(transformed), first > 0,
              products + part.lowerBound * room.pointStride,
              .init(
                count: part.count, rowStride: layout.pointStride, panelStride: room.weightStride,
                outStride: room.pointStride), ahead.duringProducts(points: part.count))
          }
        }
        for tile in firstTile..<endTile {
          write(
            products + (tile - firstTile) * width, room.pointStride, group.pixels(ofTile: tile), panel: panel,
            pass, scratch: products + room.products)
        }
      }
    }
  }

  /// The weights to be transformed next: those of the panel's next input channels, or those of panel `next`; nil if
  /// there are none.
  private func rawWeights(after channel: Int, of panel: Int, then next: Int, _ panels: UnsafePointer<Float>)
    -> UnsafePointer<Float>?
  {
    if isTransformed { return nil }
    if channel < depth { return panels + panel * panelStride + channel * 9 * table.tileColumns }
    return next != panel && next < panelCount ? panels + next * panelStride : nil
  }

  /// Transforms the products of one tile and one panel back to pixels.
  private func write(
    _ products: UnsafePointer<Float>, _ pointStride: Int, _ pixels: TileGrid.Pixels, panel: Int, _ pass: Pass,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let width = table.tileColumns
    let stride = pass.out.stride
    let column = panel * width
    let offset = pixels.first * stride + column
    let (out, residual) = (pass.out.start + offset, pass.residual.map { $0 + offset })
    let count = min(width, columns - column)
    bias.withUnsafePointer { bias in
      if count == width {
        winograd.output(
          .init(products, stride: pointStride), bias + column, residual,
          .init(out, rowStride: pixels.lineStride * stride, pixelStride: stride), pixels.rows, pixels.columns)
      } else {
        // The output has fewer channels than the panel: a whole tile is computed in scratch memory.
        winograd.output(
          .init(products, stride: pointStride), bias + column, nil,
          .init(scratch, rowStride: winograd.outputSide * width, pixelStride: width), pixels.rows, pixels.columns)
        for y in 0..<pixels.rows {
          for x in 0..<pixels.columns {
            let target = (y * pixels.lineStride + x) * stride
            for c in 0..<count {
              let value = scratch[(winograd.outputSide * y + x) * width + c]
              out[target + c] = residual.map { value + $0[target + c] } ?? value
            }
          }
        }
      }
    }
    guard pass.rectifies else { return }
    for y in 0..<pixels.rows {
      table.rows.rectify(.init(out + y * pixels.lineStride * stride, stride: stride), pixels.columns, count)
    }
  }
}
