/// Arranges images of the same size in a grid, row by row; unused places stay black.
///
/// - Parameters:
///   - pictures: at least one.
///   - columns: the images in a row; ⌈√n⌉ if nil, which makes the grid as square as possible.
/// - Throws: `ImageError.tooLarge`.
public func grid(_ pictures: [Picture], columns: Int? = nil) throws(ImageError) -> Picture {
  precondition(
    !pictures.isEmpty
      && pictures.allSatisfy {
        ($0.width, $0.height, $0.channels, $0.bits)
          == (pictures[0].width, pictures[0].height, pictures[0].channels, pictures[0].bits)
      }, "a sheet needs pictures of one size")
  let (width, height, bytes) = (pictures[0].width, pictures[0].height, pictures[0].pixelBytes)
  let (columns, rows) = places(pictures.count, columns: columns)
  let size = try checkedSize(width: width, by: columns, height: height, by: rows)
  var pixels = [UInt8](repeating: 0, count: size.width * size.height * bytes)
  for (i, picture) in pictures.enumerated() {
    let (left, top) = (i % columns * width, i / columns * height)
    for y in 0..<height {
      let target = ((top + y) * size.width + left) * bytes
      let source = y * width * bytes
      pixels.replaceSubrange(
        target..<target + width * bytes, with: picture.pixels[source..<source + width * bytes])
    }
  }
  return Picture(
    width: size.width, height: size.height, channels: pictures[0].channels, bits: pictures[0].bits, pixels: pixels)
}

extension Picture {
  /// Splits an image into images of `height` pixels, from top to bottom: reverses `grid(_:columns:)` with one column.
  public func cut(toHeight height: Int) -> [Picture] {
    precondition(self.height % height == 0, "\(self.height) pixels cannot be cut into pictures of \(height)")
    let size = width * height * pixelBytes
    return stride(from: 0, to: pixels.count, by: size).map {
      Picture(width: width, height: height, channels: channels, bits: bits, pixels: Array(pixels[$0..<$0 + size]))
    }
  }
}

/// Checks, before there are any images, that a grid of `count` of them, enlarged by `scale`, is not too large.
///
/// - Throws: `ImageError.tooLarge`.
public func checkSheet(
  of count: Int, columns: Int?, width: Int, height: Int, scale: Int
) throws(ImageError) {
  let (columns, rows) = places(count, columns: columns)
  let sheet = try checkedSize(width: width, by: columns, height: height, by: rows)
  _ = try checkedSize(width: sheet.width, by: scale, height: sheet.height, by: scale)
}

/// The numbers of columns and rows in a grid of `count` images.
private func places(_ count: Int, columns: Int?) -> (columns: Int, rows: Int) {
  let columns = min(columns ?? Int(Double(count).squareRoot().rounded(.up)), count)
  return (columns, (count - 1) / columns + 1)
}

/// `width · columns` and `height · rows`, checked against the limit on pixels.
func checkedSize(
  width: Int, by columns: Int, height: Int, by rows: Int
) throws(ImageError) -> (width: Int, height: Int) {
  let (w, wideOverflow) = width.multipliedReportingOverflow(by: columns)
  let (h, highOverflow) = height.multipliedReportingOverflow(by: rows)
  let (pixels, overflow) = w.multipliedReportingOverflow(by: h)
  guard !wideOverflow, !highOverflow, !overflow, pixels <= Picture.pixelLimit else {
    throw .tooLarge(width: wideOverflow ? .max : w, height: highOverflow ? .max : h)
  }
  return (w, h)
}
