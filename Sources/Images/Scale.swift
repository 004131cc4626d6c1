extension Picture {
  /// The picture with each pixel `factor` times as wide and high, for viewing.
  ///
  /// - Throws: `ImageError.tooLarge`.
  public func enlarged(by factor: Int) throws(ImageError) -> Picture {
    precondition(factor >= 1, "a picture cannot be enlarged by \(factor)")
    if factor == 1 { return self }
    let size = try checkedSize(width: width, by: factor, height: height, by: factor)
    var enlarged: [UInt8] = []
    enlarged.reserveCapacity(size.width * size.height * channels)
    for y in 0..<height {
      var row: [UInt8] = []
      for x in 0..<width {
        let pixel = pixels[(y * width + x) * channels..<(y * width + x + 1) * channels]
        for _ in 0..<factor { row += pixel }
      }
      for _ in 0..<factor { enlarged += row }
    }
    return Picture(width: size.width, height: size.height, channels: channels, pixels: enlarged)
  }
}
