import DiffusionFiles
import DiffusionImages
import TestSupport
import Testing

/// Every kind of PNG that the specification (ISO/IEC 15948, table 11.1) has, packed by the test.
struct PNGKindsTests {
  struct Kind: Sendable, CustomStringConvertible {
    let type: PlainPNG.ColourType
    let depth: Int
    let isInterlaced: Bool
    let isTransparent: Bool

    var description: String {
      "\(type), \(depth) bits\(isInterlaced ? ", interlaced" : "")\(isTransparent ? ", with tRNS" : "")"
    }
  }

  static let kinds: [Kind] = PlainPNG.ColourType.allCases.flatMap { type in
    type.depths.flatMap { depth in
      [false, true].flatMap { isInterlaced in
        (type == .greyAlpha || type == .rgbAlpha ? [false] : [false, true]).map {
          Kind(type: type, depth: depth, isInterlaced: isInterlaced, isTransparent: $0)
        }
      }
    }
  }

  /// Samples that take on all values, or many of them.
  private func samples(_ count: Int, depth: Int) -> [Int] {
    (0..<count).map { i -> Int in ((i * 40_503 + 17) % 65_536) >> (16 - depth) }
  }

  /// A picture of this kind, and what each value of its pixels is from 0 to 255, in the numbers' own precision.
  private func example(_ kind: Kind, width: Int, height: Int, gamma: UInt32? = nil) -> (
    png: [UInt8], channels: Int, values: [Double]
  ) {
    let (depth, channels) = (kind.depth, kind.type.channels)
    let samples = samples(width * height * channels, depth: depth)
    var png = PlainPNG(width: width, height: height, kind.type, depth: depth, samples)
    png.isInterlaced = kind.isInterlaced
    png.gamma = gamma
    let largest = Double(1 << depth - 1)
    let pixels = (0..<width * height).map { Array(samples[$0 * channels..<($0 + 1) * channels]) }
    var values: [Double] = []
    switch kind.type {
    case .palette:
      let count = 1 << depth
      let colours = (0..<count).map { i -> [UInt8] in
        [i * 3, 255 - i, i * 91].map { UInt8(truncatingIfNeeded: $0) }
      }
      png.palette = colours.flatMap { $0 }
      // Fewer than there are colours, where that can be: the others are opaque.
      let alphas: [UInt8] = kind.isTransparent ? Array([0, 255, 100].prefix(count)) : []
      png.transparency = alphas
      for pixel in pixels {
        let alpha: Double = pixel[0] < alphas.count ? Double(alphas[pixel[0]]) : 255
        for value in colours[pixel[0]] { values.append(Double(value) * alpha / 255) }
      }
    case .grey, .rgb:
      // The first pixel's colour stands for nothing.
      if kind.isTransparent {
        for sample in pixels[0] { png.transparency += [UInt8(sample >> 8), UInt8(sample & 255)] }
      }
      for pixel in pixels {
        let isNothing = kind.isTransparent && pixel == pixels[0]
        for sample in pixel { values.append(isNothing ? 0 : Double(sample) * 255 / largest) }
      }
    case .greyAlpha, .rgbAlpha:
      for pixel in pixels {
        let alpha = Double(pixel[channels - 1]) / largest
        for sample in pixel.dropLast() { values.append(Double(sample) * 255 / largest * alpha) }
      }
    }
    return (png.bytes, [.grey, .greyAlpha].contains(kind.type) ? 1 : 3, values)
  }

  /// Over black, rounded to the nearest; with 16 bits and alpha, twice.
  @Test(arguments: kinds) func isRead(_ kind: Kind) throws {
    for (width, height) in [(1, 1), (3, 2), (9, 11), (33, 8)] {
      let (png, channels, values) = example(kind, width: width, height: height)
      let picture = try Picture(png: png)
      #expect((picture.width, picture.height, picture.channels) == (width, height, channels))
      let isRoundedTwice = kind.depth == 16 && kind.type.channels % 2 == 0
      let tolerance = isRoundedTwice ? 0.51 : 0.501
      for (i, (found, expected)) in zip(picture.pixels, values).enumerated() {
        #expect(abs(Double(found) - expected) <= tolerance, "\(kind), \(width)×\(height), value \(i)")
      }
    }
  }

  @Test func everyKindIsThere() { #expect(Self.kinds.count == 15 * 2 + 11 * 2) }

  /// Numbers are taken as they stand: a picture that says its values are linear looks like one that says nothing.
  @Test func gammaChangesNothing() throws {
    for depth in [8, 16] {
      var png = PlainPNG(
        width: 4, height: 1, .grey, depth: depth, [0, 60, 120, 200].map { depth == 16 ? $0 * 257 : $0 })
      png.gamma = 100_000
      #expect(try Picture(png: png.bytes).pixels == [0, 60, 120, 200])
    }
  }

  /// Nor does it where colours are mixed with the black below them.
  @Test(arguments: kinds, [45_455, 65_909, 100_000, 220_000]) func gammaChangesNoMixture(_ kind: Kind, gamma: UInt32)
    throws
  {
    let (plain, _, _) = example(kind, width: 9, height: 11)
    let (png, _, _) = example(kind, width: 9, height: 11, gamma: gamma)
    #expect(try Picture(png: png) == Picture(png: plain))
  }

  /// Cut short anywhere, every kind is refused.
  @Test func cutShort() {
    for kind in Self.kinds where kind.isInterlaced {
      let (png, _, _) = example(kind, width: 9, height: 5)
      for length in stride(from: 0, to: png.count - 12, by: 7) {
        #expect(throws: ImageError.self, "\(kind), \(length) bytes") { try Picture(png: Array(png[..<length])) }
      }
    }
  }
}
