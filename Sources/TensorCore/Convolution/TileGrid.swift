/// Pictures divided into square tiles of pixels, the last ones of a line and of a picture reaching beyond it.
///
/// Lines of tiles are counted through all pictures.
struct TileGrid {
  /// The pixels of a tile's side.
  let side: Int
  /// Pixels.
  let height: Int
  let width: Int
  /// Lines of tiles of a picture, and tiles of a line.
  let rows: Int
  let columns: Int
  /// Lines of tiles of all pictures.
  let lines: Int

  init(side: Int, batch: Int, height: Int, width: Int) {
    self.side = side
    self.height = height
    self.width = width
    rows = (height + side - 1) / side
    columns = (width + side - 1) / side
    lines = batch * rows
  }

  /// The tiles of all pictures, line by line.
  var tiles: Int { lines * columns }

  /// The line of pixels, counted through all pictures, `y` below the first one of a line of tiles; nil outside the picture.
  func pixelLine(_ line: Int, _ y: Int) -> Int? {
    let y = line % rows * side + y
    return y >= 0 && y < height ? line / rows * height + y : nil
  }

  /// The pixels of a tile that lie within the picture.
  struct Pixels {
    /// The number of the first one, counted through all pictures.
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

/// Tiles that are worked on together, divided into blocks for the matrix product.
struct TileGroup {
  let grid: TileGrid
  /// Their numbers, counted through all pictures.
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

  /// The columns of a line whose tiles belong to the group.
  func columns(ofLine line: Int) -> Range<Int> {
    tiles.clamped(to: line * grid.columns..<(line + 1) * grid.columns).offset(by: -line * grid.columns)
  }

  /// The lines that the group has tiles of, in runs of at most `mostLines`, each of one picture.
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
