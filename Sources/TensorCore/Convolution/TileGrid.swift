/// Pictures divided into square tiles of pixels; the last tiles of a line and of a picture may reach beyond it.
///
/// Lines of tiles are numbered across all pictures.
struct TileGrid {
  /// The side of a tile in pixels.
  let side: Int
  /// Pixels.
  let height: Int
  let width: Int
  /// The zeros around the input of a convolution with kernel 3×3: 1, or 0 if only what lies within is computed.
  let margin: Int
  /// Lines of tiles in a picture, and tiles in a line.
  let rows: Int
  let columns: Int
  /// Lines of tiles in all pictures.
  let lines: Int

  init(side: Int, batch: Int, height: Int, width: Int, margin: Int = 1) {
    self.side = side
    self.margin = margin
    self.height = height
    self.width = width
    rows = (height + side - 1) / side
    columns = (width + side - 1) / side
    lines = batch * rows
  }

  /// Tiles in all pictures, numbered line by line.
  var tiles: Int { lines * columns }

  /// The pixels of the input.
  var inputHeight: Int { height + 2 - 2 * margin }
  var inputWidth: Int { width + 2 - 2 * margin }

  /// The line of the input, numbered across all pictures, that is `y` below the first which a line of tiles reads; nil
  /// outside the picture.
  func inputLine(_ line: Int, _ y: Int) -> Int? {
    let y = line % rows * side + y - margin
    return y >= 0 && y < inputHeight ? line / rows * inputHeight + y : nil
  }

  /// The pixels of a tile that are within the picture.
  struct Pixels {
    /// The first pixel's number across all pictures.
    let first: Int
    let rows: Int
    let columns: Int
    /// Pixels from one line to the next.
    let lineStride: Int
  }

  func pixels(line: Int, column: Int) -> Pixels {
    let (picture, row) = line.quotientAndRemainder(dividingBy: rows)
    return Pixels(
      first: (picture * height + side * row) * width + side * column, rows: min(side, height - side * row),
      columns: min(side, width - side * column), lineStride: width)
  }
}

/// Tiles that are processed together, divided into blocks for the matrix product.
struct TileGroup {
  let grid: TileGrid
  /// Their numbers across all pictures.
  let tiles: Range<Int>
  /// The blocks of tiles.
  let tiling: Tiling

  init(grid: TileGrid, tiles: Range<Int>, mostRows: Int) {
    self.grid = grid
    self.tiles = tiles
    tiling = Tiling(count: tiles.count, most: mostRows)
  }

  /// The block of a tile, and its row in the block.
  func place(_ tile: Int) -> (block: Int, row: Int) {
    let (block, row) = (tile - tiles.lowerBound).quotientAndRemainder(dividingBy: tiling.height)
    return (block, row)
  }

  /// The pixels of a tile by its number in the group.
  func pixels(ofTile tile: Int) -> TileGrid.Pixels {
    let (line, column) = (tiles.lowerBound + tile).quotientAndRemainder(dividingBy: grid.columns)
    return grid.pixels(line: line, column: column)
  }

  /// The columns of the group's tiles in a line.
  func columns(ofLine line: Int) -> Range<Int> {
    tiles.clamped(to: line * grid.columns..<(line + 1) * grid.columns).offset(by: -line * grid.columns)
  }

  /// The lines of the group's tiles, in runs of at most `mostLines` within one picture.
  func strips(mostLines: Int) -> [Range<Int>] {
    var strips: [Range<Int>] = []
    var first = tiles.lowerBound / grid.columns
    let last = (tiles.upperBound - 1) / grid.columns + 1
    while first < last {
      let endOfPicture = (first / grid.rows + 1) * grid.rows
      let end = min(first + mostLines, endOfPicture, last)
      strips.append(first..<end)
      first = end
    }
    return strips
  }
}

extension Range<Int> {
  fileprivate func offset(by distance: Int) -> Range<Int> { lowerBound + distance..<upperBound + distance }
}
