/// All pictures, of one size, on one sheet, row by row; places that are left over stay black.
///
/// - Parameter columns: pictures in a row; ⌈√n⌉ if not given, which makes the sheet as square as it can be.
/// - Throws: `ImageError.tooLarge`.
public func grid(_ pictures: [Picture], columns: Int? = nil) throws(ImageError) -> Picture {
  precondition(
    !pictures.isEmpty
      && pictures.allSatisfy {
        ($0.width, $0.height, $0.channels) == (pictures[0].width, pictures[0].height, pictures[0].channels)
      }, "a sheet needs pictures of one size")
  let (width, height, channels) = (pictures[0].width, pictures[0].height, pictures[0].channels)
  let columns = min(columns ?? Int(Double(pictures.count).squareRoot().rounded(.up)), pictures.count)
  let rows = (pictures.count + columns - 1) / columns
  let size = try checkedSize(width: width, by: columns, height: height, by: rows)
  var pixels = [UInt8](repeating: 0, count: size.width * size.height * channels)
  for (i, picture) in pictures.enumerated() {
    let (left, top) = (i % columns * width, i / columns * height)
    for y in 0..<height {
      let target = ((top + y) * size.width + left) * channels
      let source = y * width * channels
      pixels.replaceSubrange(
        target..<target + width * channels, with: picture.pixels[source..<source + width * channels])
    }
  }
  return Picture(width: size.width, height: size.height, channels: channels, pixels: pixels)
}

extension Picture {
  /// The pictures of `height` pixels that stand on this one, one below the other: what `grid(_:columns:)` has put into one column.
  public func cut(toHeight height: Int) -> [Picture] {
    precondition(self.height % height == 0, "\(self.height) pixels cannot be cut into pictures of \(height)")
    let size = width * height * channels
    return stride(from: 0, to: pixels.count, by: size).map {
      Picture(width: width, height: height, channels: channels, pixels: Array(pixels[$0..<$0 + size]))
    }
  }
}

/// `width · columns` and `height · rows`, if a PNG can be that large.
func checkedSize(
  width: Int, by columns: Int, height: Int, by rows: Int
) throws(ImageError) -> (width: Int, height: Int) {
  let (w, wideOverflow) = width.multipliedReportingOverflow(by: columns)
  let (h, highOverflow) = height.multipliedReportingOverflow(by: rows)
  // A PNG's sides have 31 bits; its pixels must fit into memory as well.
  guard !wideOverflow, !highOverflow, w <= Int32.max, h <= Int32.max, w * h <= 1 << 31 else {
    throw .tooLarge(width: wideOverflow ? .max : w, height: highOverflow ? .max : h)
  }
  return (w, h)
}
