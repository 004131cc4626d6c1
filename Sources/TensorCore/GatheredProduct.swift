import KernelTable

/// The product that convolutions, linear layers and attention have in common: output row r is
/// `bias + Σ_tap (the tap's input row of r) · (the tap's weights)`.
///
/// - Parameters:
///   - rowCount: the rows of `out` (pixels).
///   - out: row r lies at `out + r · outStride`; exactly `weights.columns` floats of it are written.
///   - gather: called with a tile's first row and room for `taps × tileRows` addresses; writes at `tap · tileRows + r` where
///     the input of row `min(first + r, rowCount - 1)` begins.
func gatheredProduct(
  rowCount: Int, weights: PackedWeights, out: UnsafeMutablePointer<Float>, outStride: Int,
  gather: (_ first: Int, _ rows: UnsafeMutablePointer<UnsafePointer<Float>>) -> Void
) {
  let table = weights.table
  let (taps, depth) = (weights.taps, weights.depth)
  let tiles = (rowCount + table.tileRows - 1) / table.tileRows
  guard tiles > 0 && weights.columns > 0 else { return }

  // An item should be worth a few microseconds: several tiles where the product is small. Where tiles are few and
  // the weights many (the lowest resolutions), the panels are shared out as well.
  let tileCost = taps * depth * table.tileRows * table.tileColumns
  let panelsPerItem = tiles >= 8 ? weights.panelCount : 1
  let tilesPerItem = min(max(1, 400_000 / (tileCost * panelsPerItem)), 8)
  let tileGroups = (tiles + tilesPerItem - 1) / tilesPerItem
  let panelGroups = (weights.panelCount + panelsPerItem - 1) / panelsPerItem
  let pointersPerTile = taps * table.tileRows

  weights.panels.withUnsafePointer { panels in
    weights.bias.withUnsafePointer { bias in
      ThreadPool.shared.forEach(tileGroups * panelGroups) { item in
        let firstTile = item / panelGroups * tilesPerItem
        let lastTile = min(firstTile + tilesPerItem, tiles)
        let firstPanel = item % panelGroups * panelsPerItem
        let lastPanel = min(firstPanel + panelsPerItem, weights.panelCount)
        withUnsafeTemporaryAllocation(
          of: UnsafePointer<Float>.self, capacity: pointersPerTile * (lastTile - firstTile)
        ) { buffer in
          guard let pointers = buffer.baseAddress else { return }
          for tile in firstTile..<lastTile {
            gather(tile * table.tileRows, pointers + (tile - firstTile) * pointersPerTile)
          }
          // Panel by panel, so that a panel is read from a near cache by all tiles of the item.
          for panel in firstPanel..<lastPanel {
            for tile in firstTile..<lastTile {
              multiplyTile(
                weights, rows: pointers + (tile - firstTile) * pointersPerTile,
                panel: panels + panel * weights.panelStride,
                bias: bias + panel * table.tileColumns,
                out: out + tile * table.tileRows * outStride + panel * table.tileColumns, outStride: outStride,
                rowCount: min(table.tileRows, rowCount - tile * table.tileRows),
                columnCount: min(table.tileColumns, weights.columns - panel * table.tileColumns))
            }
          }
        }
      }
    }
  }
}

/// One tile; where the output has room for only part of it, through a whole tile beside it.
private func multiplyTile(
  _ weights: PackedWeights, rows: UnsafePointer<UnsafePointer<Float>>, panel: UnsafePointer<Float>,
  bias: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>, outStride: Int, rowCount: Int, columnCount: Int
) {
  let table = weights.table
  if rowCount == table.tileRows && columnCount == table.tileColumns {
    table.multiplyTile(rows, weights.taps, weights.depth, panel, bias, out, outStride)
    return
  }
  withUnsafeTemporaryAllocation(of: Float.self, capacity: table.tileRows * table.tileColumns) { buffer in
    guard let whole = buffer.baseAddress else { return }
    table.multiplyTile(rows, weights.taps, weights.depth, panel, bias, whole, table.tileColumns)
    for r in 0..<rowCount {
      (out + r * outStride).update(from: whole + r * table.tileColumns, count: columnCount)
    }
  }
}
