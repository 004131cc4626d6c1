extension Picture {
  /// Repeats each pixel `factor` times in width and height, for viewing.
  ///
  /// - Throws: `ImageError.tooLarge`.
  public func enlarged(by factor: Int) throws(ImageError) -> Picture {
    precondition(factor >= 1, "a picture cannot be enlarged by \(factor)")
    if factor == 1 { return self }
    let size = try checkedSize(width: width, by: factor, height: height, by: factor)
    var enlarged: [UInt8] = []
    enlarged.reserveCapacity(size.width * size.height * pixelBytes)
    for y in 0..<height {
      var row: [UInt8] = []
      for x in 0..<width {
        let pixel = pixels[(y * width + x) * pixelBytes..<(y * width + x + 1) * pixelBytes]
        for _ in 0..<factor { row += pixel }
      }
      for _ in 0..<factor { enlarged += row }
    }
    return Picture(width: size.width, height: size.height, channels: channels, bits: bits, pixels: enlarged)
  }
}

extension Picture {
  /// Downsamples the image by `factor`: each pixel is the mean of `factor` × `factor` pixels, or of those that remain
  /// at the right and bottom edges.
  public func shrunk(by factor: Int) -> Picture {
    precondition(factor >= 1, "a picture cannot be shrunk by \(factor)")
    if factor == 1 { return self }
    let (small, low) = ((width + factor - 1) / factor, (height + factor - 1) / factor)
    var shrunk: [UInt8] = []
    shrunk.reserveCapacity(small * low * channels)
    for y in 0..<low {
      let rows = y * factor..<min((y + 1) * factor, height)
      for x in 0..<small {
        let columns = x * factor..<min((x + 1) * factor, width)
        let count = rows.count * columns.count
        for channel in 0..<channels {
          var sum = 0
          for row in rows {
            for column in columns { sum += Int(pixels[(row * width + column) * channels + channel]) }
          }
          shrunk.append(UInt8((sum + count / 2) / count))
        }
      }
    }
    return Picture(width: small, height: low, channels: channels, pixels: shrunk)
  }
}
