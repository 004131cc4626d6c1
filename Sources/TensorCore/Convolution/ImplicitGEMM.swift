import KernelTable

/// The matrix product behind convolutions and linear layers. Output row r is `bias + Σ_tap (the tap's input row for
/// r) · (the tap's weights)`, plus row r of a residual.
///
/// - Parameters:
///   - rowCount: the rows of `out` (pixels).
///   - out: row r begins at `out + r · outStride`; exactly `weights.columns` floats of it are written.
///   - residual: laid out as `out`.
///   - rectifies: whether negative values become 0.
///   - scratch: floats that `gather` needs for each row.
///   - gather: called with a range of rows, room for `taps · rows.count` addresses, and its scratch. Writes the address
///     of a tap's input row for row r at `tap · rows.count + (r - rows.lowerBound)`.
func implicitGEMM(
  rowCount: Int, weights: PackedWeights, out: UnsafeMutablePointer<Float>, outStride: Int,
  residual: UnsafePointer<Float>? = nil, rectifies: Bool = false, scratch: Int = 0,
  gather: (
    _ rows: Range<Int>, _ addresses: UnsafeMutablePointer<UnsafePointer<Float>>, _ scratch: UnsafeMutablePointer<Float>
  ) -> Void
) {
  let table = weights.table
  let (taps, depth) = (weights.taps, weights.depth)
  let tiling = Tiling(count: rowCount, most: table.tileRows)
  let tiles = tiling.tiles
  guard tiles > 0 && weights.columns > 0 else { return }

  // An item should take a few microseconds: several tiles if the product is small. With few tiles and many weights (at
  // the lowest resolutions), panels are divided among threads as well.
  let tileCost = taps * depth * tiling.height * table.tileColumns
  let panelsPerItem = tiles >= fewestTiles ? weights.panelCount : 1
  let tilesPerItem = min(max(1, 400_000 / (tileCost * panelsPerItem)), 8)
  let tileGroups = (tiles + tilesPerItem - 1) / tilesPerItem
  let panelGroups = (weights.panelCount + panelsPerItem - 1) / panelsPerItem
  let addressesPerTile = taps * tiling.height
  let tileScratch = table.tileRows * table.tileColumns

  weights.panels.withUnsafePointer { panels in
    weights.bias.withUnsafePointer { bias in
      ThreadPool.shared.forEach(
        tileGroups * panelGroups, scratch: 2 * tileScratch + tilesPerItem * tiling.height * scratch
      ) { item, room in
        let firstTile = item / panelGroups * tilesPerItem
        let lastTile = min(firstTile + tilesPerItem, tiles)
        let firstPanel = item % panelGroups * panelsPerItem
        let lastPanel = min(firstPanel + panelsPerItem, weights.panelCount)
        withUnsafeTemporaryAllocation(
          of: UnsafePointer<Float>.self, capacity: addressesPerTile * (lastTile - firstTile)
        ) { buffer in
          guard let addresses = buffer.baseAddress else { return }
          for tile in firstTile..<lastTile {
            gather(
              tiling[tile], addresses + (tile - firstTile) * addressesPerTile,
              room + 2 * tileScratch + (tile - firstTile) * tiling.height * scratch)
          }
          // Panel by panel, so that all tiles of the item read a panel from a near cache.
          for panel in firstPanel..<lastPanel {
            let column = panel * table.tileColumns
            for tile in firstTile..<lastTile {
              let rows = tiling[tile]
              let offset = rows.lowerBound * outStride + column
              multiplyTile(
                weights, rows: addresses + (tile - firstTile) * addressesPerTile, rowCount: rows.count,
                panel: panels + panel * weights.panelStride, bias: bias + column,
                residual: residual.map { $0 + offset }, out: out + offset, stride: outStride,
                columnCount: min(table.tileColumns, weights.columns - column), scratch: room)
              if rectifies {
                table.rows.rectify(
                  .init(out + offset, stride: outStride), rows.count, min(table.tileColumns, weights.columns - column))
              }
            }
          }
        }
      }
    }
  }
}

/// With fewer tiles, threads divide the panels of a product too.
var fewestTiles: Int { max(8, 4 * ThreadPool.shared.threads) }

/// Rows divided among tiles of about the same height.
struct Tiling {
  let count: Int
  let tiles: Int
  /// The height of all tiles but the last, which may be lower.
  let height: Int

  init(count: Int, most: Int) {
    self.count = count
    height = count == 0 ? 1 : (count - 1) / ((count - 1) / most + 1) + 1
    tiles = (count + height - 1) / height
  }

  subscript(tile: Int) -> Range<Int> { tile * height..<min((tile + 1) * height, count) }
}

/// Multiplies one tile. If the output has fewer columns than the panel, a whole tile is computed in scratch memory.
private func multiplyTile(
  _ weights: PackedWeights, rows: UnsafePointer<UnsafePointer<Float>>, rowCount: Int, panel: UnsafePointer<Float>,
  bias: UnsafePointer<Float>, residual: UnsafePointer<Float>?, out: UnsafeMutablePointer<Float>, stride: Int,
  columnCount: Int, scratch: UnsafeMutablePointer<Float>
) {
  let table = weights.table
  let width = table.tileColumns
  let gathered = KernelTable.GatheredRows(rows, count: rowCount, taps: weights.taps, depth: weights.depth)
  let panel = KernelTable.Panel(weights: panel, bias: bias)
  if columnCount == width {
    table.multiplyTile(gathered, panel, residual, .init(out, stride: stride))
    return
  }
  let wholeResidual = residual.map { residual in
    let target = scratch + table.tileRows * width
    for r in 0..<rowCount { (target + r * width).update(from: residual + r * stride, count: columnCount) }
    return UnsafePointer(target)
  }
  table.multiplyTile(gathered, panel, wholeResidual, .init(scratch, stride: width))
  for r in 0..<rowCount { (out + r * stride).update(from: scratch + r * width, count: columnCount) }
}
