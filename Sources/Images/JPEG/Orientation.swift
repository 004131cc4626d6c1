/// How a picture is to be turned before it is shown: the tag Orientation of Exif 2.32, §4.6.4, by its number.
enum Orientation: Int {
  /// As stored.
  case upright = 1
  /// Mirrored left to right.
  case mirrored = 2
  /// Turned by 180°.
  case upsideDown = 3
  /// Mirrored top to bottom.
  case flipped = 4
  /// Mirrored along the diagonal from the upper left.
  case transposed = 5
  /// To be turned clockwise by 90°.
  case clockwise = 6
  /// Mirrored along the other diagonal.
  case transversed = 7
  /// To be turned anticlockwise by 90°.
  case anticlockwise = 8

  /// Whether width and height change places.
  var swapsSides: Bool { rawValue >= 5 }

  /// The orientation in a JPEG's Exif segment; upright if it has none, or one that makes no sense.
  init(jpeg: [UInt8]) {
    var place = 2
    // Segments are a marker and a length, which counts itself, up to the one that pixels follow.
    while place + 4 <= jpeg.count, jpeg[place] == 0xFF {
      let marker = jpeg[place + 1]
      // A marker may be filled up with 0xFF.
      if marker == 0xFF {
        place += 1
        continue
      }
      let length = Int(jpeg[place + 2]) << 8 | Int(jpeg[place + 3])
      guard marker != 0xDA, marker != 0xD9, length >= 2, place + 2 + length <= jpeg.count else { break }
      let segment = jpeg[place + 4..<place + 2 + length]
      let prefix: [UInt8] = Array("Exif".utf8) + [0, 0]
      if marker == 0xE1 && segment.starts(with: prefix) {
        self.init(exif: segment.dropFirst(prefix.count))
        return
      }
      place += 2 + length
    }
    self = .upright
  }

  /// The orientation in a PNG's chunk `eXIf`; upright if it has none. The PNG is a whole one.
  init(png: [UInt8]) {
    var place = PNGChunk.signature.count
    while place + 12 <= png.count {
      let length = png[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= png.count - place - 12 else { break }
      if png[place + 4..<place + 8].elementsEqual("eXIf".utf8) {
        self.init(exif: png[place + 8..<place + 8 + length])
        return
      }
      place += 12 + length
    }
    self = .upright
  }

  /// The orientation in Exif data, a small TIFF: a byte order, the place of a directory, and there entries of 12 bytes.
  private init(exif data: ArraySlice<UInt8>) {
    let bytes = Array(data)
    let isBigEndian = bytes.starts(with: [0x4D, 0x4D, 0, 42])
    guard isBigEndian || bytes.starts(with: [0x49, 0x49, 42, 0]) else {
      self = .upright
      return
    }
    /// The number in `count` bytes; nil behind the end.
    func number(_ place: Int, _ count: Int) -> Int? {
      guard place >= 0, place <= bytes.count - count else { return nil }
      let digits = bytes[place..<place + count]
      return isBigEndian ? digits.reduce(0) { $0 << 8 | Int($1) } : digits.reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let orientationTag = 0x0112
    // Whole numbers of 16 and 32 bits; the first is what the standard asks for.
    let sizes = [3: 2, 4: 4]
    self = .upright
    guard let directory = number(4, 4), let entries = number(directory, 2) else { return }
    for entry in 0..<entries {
      let place = directory + 2 + 12 * entry
      guard let tag = number(place, 2) else { return }
      guard tag == orientationTag else { continue }
      if let type = number(place + 2, 2), let size = sizes[type], number(place + 4, 4) == 1,
        let value = number(place + 8, size), let orientation = Orientation(rawValue: value)
      {
        self = orientation
      }
      return
    }
  }
}

extension Picture {
  /// The picture as it is to be seen.
  func turned(_ orientation: Orientation) -> Picture {
    if orientation == .upright { return self }
    let (w, h) = orientation.swapsSides ? (height, width) : (width, height)
    /// The place in this picture of the pixel at x and y of the new one.
    func source(_ x: Int, _ y: Int) -> Int {
      switch orientation {
      case .upright: y * width + x
      case .mirrored: y * width + width - 1 - x
      case .upsideDown: (height - 1 - y) * width + width - 1 - x
      case .flipped: (height - 1 - y) * width + x
      case .transposed: x * width + y
      case .clockwise: (height - 1 - x) * width + y
      case .transversed: (height - 1 - x) * width + width - 1 - y
      case .anticlockwise: x * width + width - 1 - y
      }
    }
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { out, count in
      var place = 0
      for y in 0..<h {
        for x in 0..<w {
          let from = source(x, y) * channels
          for c in 0..<channels { out[place + c] = pixels[from + c] }
          place += channels
        }
      }
      count = place
    }
    return Picture(width: w, height: h, channels: channels, pixels: turned)
  }
}
