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

  /// Lines that together have about `mostTiles` tiles: of several whole pictures, of one, or some lines of one.
  func linesPerGroup(mostTiles: Int) -> Int {
    let pictures = mostTiles / (rows * columns)
    guard pictures > 0 else { return min(rows, max(1, mostTiles / columns)) }
    return Tiling(count: lines / rows, most: pictures).height * rows
  }

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

/// Lines of tiles that are worked on together, their tiles divided into blocks for the matrix product.
struct TileGroup {
  let grid: TileGrid
  let lines: Range<Int>
  /// The blocks of tiles.
  let tiling: Tiling

  init(grid: TileGrid, lines: Range<Int>, mostRows: Int) {
    self.grid = grid
    self.lines = lines
    tiling = Tiling(count: lines.count * grid.columns, most: mostRows)
  }

  /// The block of a tile, and its row in the block.
  func place(_ line: Int, _ column: Int) -> (block: Int, row: Int) {
    let (block, row) = ((line - lines.lowerBound) * grid.columns + column).quotientAndRemainder(dividingBy: tiling.height)
    return (block, row)
  }

  /// The pixels of a tile by its number in the group.
  func pixels(ofTile tile: Int) -> TileGrid.Pixels {
    grid.pixels(line: lines.lowerBound + tile / grid.columns, column: tile % grid.columns)
  }

  /// The lines in runs of at most `mostLines`, each of one picture.
  func strips(mostLines: Int) -> [Range<Int>] {
    var strips: [Range<Int>] = []
    var first = lines.lowerBound
    while first < lines.upperBound {
      let endOfPicture = (first / grid.rows + 1) * grid.rows
      let end = min(first + mostLines, endOfPicture, lines.upperBound)
      strips.append(first..<end)
      first = end
    }
    return strips
  }
}
