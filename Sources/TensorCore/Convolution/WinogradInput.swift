import KernelTable

/// The input transform of Winograd's convolution, from tiles of (m + 2)² pixels to as many points.
struct WinogradInput {
  let winograd: KernelTable.Winograd
  /// Channels, a multiple of 16.
  let depth: Int

  /// The memory that a strip of pixels may take before it is transformed.
  private static let stripBytes = 160 << 10

  /// A few lines of tiles of one picture in some channels, with a margin of one pixel on each side.
  struct Strip {
    let channels: Int
    let lines: Int
    /// Floats of a row of pixels.
    let rowStride: Int
    let count: Int

    init(_ input: WinogradInput, _ grid: TileGrid) {
      let side = input.winograd.outputSide
      channels = input.depth % 32 == 0 ? 32 : 16
      rowStride = (side * grid.columns + 2) * channels
      lines = max(1, min(grid.rows, stripBytes / (side * rowStride * MemoryLayout<Float>.stride)))
      count = (side * lines + 2) * rowStride
    }
  }

  /// The layout of the points of a group of tiles: by block of tiles, then by 16 channels, then by point, so that the
  /// products of all points read memory in order. In a block, channel c of point p of row r is at
  /// `c / 16 · channelStride + p · pointStride + 16r + c % 16`.
  struct Layout {
    let pointStride: Int
    let channelStride: Int
    let blockStride: Int
    let count: Int

    /// - Parameter gap: unused floats between one point and the next.
    init(_ input: WinogradInput, _ tiling: Tiling, gap: Int = 0) {
      pointStride = tiling.height * WinogradConvolution.block + gap
      channelStride = input.winograd.points * pointStride
      blockStride = input.depth / WinogradConvolution.block * channelStride
      count = tiling.tiles * blockStride
    }
  }

  /// Transforms the group's tiles in `lines`, in as many channels as a strip has, from `channel` on.
  func transform(
    _ reader: FusedInput.Reader, _ group: TileGroup, _ lines: Range<Int>, _ channel: Int, _ strip: Strip,
    _ scratch: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>, _ layout: Layout
  ) {
    let (grid, side, block) = (group.grid, winograd.outputSide, WinogradConvolution.block)
    let (channels, rowStride) = (strip.channels, strip.rowStride)
    for y in 0..<side * lines.count + 2 {
      let row = scratch + y * rowStride
      guard let line = grid.inputLine(lines.lowerBound, y) else {
        row.update(repeating: 0, count: rowStride)
        continue
      }
      let end = (grid.margin + grid.inputWidth) * channels
      row.update(repeating: 0, count: grid.margin * channels)
      reader.read(
        line: line, from: 0, count: grid.inputWidth, channels: channel..<channel + channels,
        into: row + grid.margin * channels, stride: channels)
      (row + end).update(repeating: 0, count: rowStride - end)
    }
    for line in lines {
      let pixels = scratch + side * (line - lines.lowerBound) * rowStride
      for column in group.columns(ofLine: line) {
        let (tileBlock, row) = group.place(line * grid.columns + column)
        let points = out + tileBlock * layout.blockStride + channel / block * layout.channelStride + row * block
        winograd.input(
          .init(pixels + side * column * channels, rowStride: rowStride, pixelStride: channels), channels,
          .init(points, pointStride: layout.pointStride, blockStride: layout.channelStride))
      }
    }
  }
}
