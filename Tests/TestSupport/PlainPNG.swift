/// A PNG of any kind, packed as the specification says (ISO/IEC 15948), without compression and filters.
public struct PlainPNG {
  /// What a sample stands for.
  public enum ColourType: UInt8, Sendable, CaseIterable {
    /// Grey.
    case grey = 0
    /// Red, green and blue.
    case rgb = 2
    /// A number in the palette.
    case palette = 3
    /// Grey and alpha.
    case greyAlpha = 4
    /// Red, green, blue and alpha.
    case rgbAlpha = 6

    /// The samples of a pixel.
    public var channels: Int {
      switch self {
      case .grey, .palette: 1
      case .greyAlpha: 2
      case .rgb: 3
      case .rgbAlpha: 4
      }
    }

    /// The bits that a sample may have.
    public var depths: [Int] {
      switch self {
      case .grey: [1, 2, 4, 8, 16]
      case .palette: [1, 2, 4, 8]
      case .rgb, .greyAlpha, .rgbAlpha: [8, 16]
      }
    }
  }

  let width: Int
  let height: Int
  let type: ColourType
  let depth: Int
  let samples: [Int]
  /// Whether the pixels come in the seven passes of Adam7.
  public var isInterlaced = false
  /// The bytes of PLTE: red, green and blue of each colour.
  public var palette: [UInt8] = []
  /// The bytes of tRNS, if there is one: the alpha of the first colours of a palette, or a colour of 16 bits a channel.
  public var transparency: [UInt8] = []
  /// gAMA: the exponent times 100,000.
  public var gamma: UInt32?

  /// - Parameter samples: row by row, channels interleaved, each below 2^depth.
  public init(width: Int, height: Int, _ type: ColourType, depth: Int, _ samples: [Int]) {
    (self.width, self.height, self.type, self.depth, self.samples) = (width, height, type, depth, samples)
  }

  /// The file up to the end of IHDR.
  public var header: [UInt8] {
    let fields =
      word(UInt32(width)) + word(UInt32(height)) + [UInt8(depth), type.rawValue, 0, 0, isInterlaced ? 1 : 0]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", fields)
  }

  /// The file.
  public var bytes: [UInt8] {
    var file = header
    if let gamma { file += chunk("gAMA", word(gamma)) }
    if !palette.isEmpty { file += chunk("PLTE", palette) }
    if !transparency.isEmpty { file += chunk("tRNS", transparency) }
    return file + chunk("IDAT", stored(scanlines)) + chunk("IEND", [])
  }

  private var scanlines: [UInt8] {
    if !isInterlaced { return reduced(x: 0, y: 0, dx: 1, dy: 1) }
    let passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    return passes.flatMap { reduced(x: $0.0, y: $0.1, dx: $0.2, dy: $0.3) }
  }

  /// The scanlines of the pixels at every `dx`-th column from `x` on, of every `dy`-th row from `y` on, without filter.
  private func reduced(x: Int, y: Int, dx: Int, dy: Int) -> [UInt8] {
    if x >= width { return [] }
    return stride(from: y, to: height, by: dy).flatMap { row in
      let line = stride(from: x, to: width, by: dx).flatMap { column in
        (0..<type.channels).map { samples[(row * width + column) * type.channels + $0] }
      }
      return [0] + packed(line)
    }
  }

  /// Samples of `depth` bits, the first in the highest bits.
  private func packed(_ line: [Int]) -> [UInt8] {
    if depth == 16 { return line.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }
    let each = 8 / depth
    return stride(from: 0, to: line.count, by: each).map { first in
      (0..<each).reduce(0) { byte, i in
        let sample = first + i < line.count ? line[first + i] : 0
        return byte | UInt8(sample << (8 - depth * (i + 1)))
      }
    }
  }

  private func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

  private func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    var remainder: UInt32 = ~0
    for byte in Array(name.utf8) + data {
      remainder ^= UInt32(byte)
      for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return word(UInt32(data.count)) + Array(name.utf8) + data + word(~remainder)
  }

  /// A zlib stream of stored blocks.
  private func stored(_ data: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    for first in stride(from: 0, to: max(1, data.count), by: 65_535) {
      let block = data[first..<min(first + 65_535, data.count)]
      let length = UInt16(block.count)
      stream.append(first + 65_535 >= data.count ? 1 : 0)
      for number in [length, ~length] { stream += [UInt8(number & 255), UInt8(number >> 8)] }
      stream += block
    }
    var (a, b) = (UInt32(1), UInt32(0))
    for byte in data {
      a = (a + UInt32(byte)) % 65_521
      b = (b + a) % 65_521
    }
    return stream + word(b << 16 | a)
  }
}
