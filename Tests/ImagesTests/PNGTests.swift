import DiffusionImages
import Foundation
import TensorCore
import TestSupport
import Testing

struct PNGTests {
  private static func gradient(_ width: Int, _ height: Int, _ channels: Int) -> Picture {
    Picture(
      width: width, height: height, channels: channels,
      pixels: (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 * 7) })
  }

  @Test(arguments: [(1, 1, 1), (28, 28, 1), (5, 3, 3), (640, 2, 3)])
  func comesBackAsItWas(width: Int, height: Int, channels: Int) throws {
    let picture = Self.gradient(width, height, channels)
    let png = try picture.png()
    #expect(try Picture(png: png) == picture)
    let chunks = plainChunks(png)
    #expect(chunks.first?.type == "IHDR" && chunks.last?.type == "IEND")
    let header = [
      0, 0, UInt8(width >> 8), UInt8(width & 255), 0, 0, 0, UInt8(height), 8, channels == 1 ? 0 : 2, 0, 0, 0,
    ]
    #expect(chunks[0].data == header)
    #expect(try picture.png() == png)
  }

  @Test("Alpha and 16 bits come back as they were, and stand in the file as the specification says")
  func alphaAndSixteenBits() throws {
    for (channels, type) in [(1, 0), (2, 4), (3, 2), (4, 6)] as [(Int, UInt8)] {
      for bits in [8, 16] {
        let samples = (0..<5 * 3 * channels).map { ($0 * 4111 + 77) & (1 << bits - 1) }
        let bytes = bits == 8 ? samples.map { UInt8($0) } : samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        let picture = Picture(width: 5, height: 3, channels: channels, bits: bits, pixels: bytes)
        #expect(picture.samples == samples)
        let header = plainChunks(try picture.png())[0].data
        #expect(header == [0, 0, 0, 5, 0, 0, 0, 3, UInt8(bits), type, 0, 0, 0])
        #expect(try Picture(exactly: try picture.png()) == picture)
        // Files that others have written.
        let kind = try #require(PlainPNG.ColourType(rawValue: type))
        let plain = PlainPNG(width: 5, height: 3, kind, depth: bits, samples)
        #expect(try Picture(exactly: plain.bytes) == picture)
        #expect(try Picture(exactly: picture.enlarged(by: 2).png()).samples.count == 4 * samples.count)
        #expect(try grid([picture, picture], columns: 1).cut(toHeight: 3) == [picture, picture])
      }
    }
  }

  @Test("16 bits are the nearest of 65536 values from -1 to 1")
  func sixteenBitSamples() throws {
    let x = Tensor([1, 1, 1, 6], [-1, 1, 0, -2, .nan, 0.5])
    #expect(try Picture(x, 0, bits: 16).samples == [0, 65535, 32768, 0, 0, 49151])
    let rgba = Tensor([1, 4, 1, 1], [-1, 0, 1, 0.5])
    #expect(try Picture(rgba, 0).pixels == [0, 127, 255, 191])
    #expect(throws: ImageError.channels(5)) { try Picture(Tensor([1, 5, 1, 1], [0, 0, 0, 0, 0]), 0) }
  }

  @Test func textChunks() throws {
    let png = try Self.gradient(2, 2, 1).png(text: [("Software", "sample"), ("Title", "Größe")])
    let chunks = plainChunks(png)
    #expect(chunks.contains { $0.type == "tEXt" && $0.data == Array("Software\0sample".utf8) })
    #expect(chunks.contains { $0.type == "iTXt" && $0.data == Array("Title\0\0\0\0\0Größe".utf8) })
    #expect(throws: ImageError.self) {
      try Self.gradient(2, 2, 1).png(text: [(String(repeating: "k", count: 80), "too long")])
    }
  }

  @Test func damagedFilesAreRefused() throws {
    let png = try Self.gradient(9, 9, 3).png(text: [("Software", "sample")])
    for length in 0..<png.count - 12 {
      #expect(throws: ImageError.self, "\(length) bytes") { try Picture(png: Array(png[..<length])) }
    }
    var state: UInt64 = 1
    for _ in 0..<200 {
      var bytes = png
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
      }
      _ = try? Picture(png: bytes, pixelLimit: 1 << 16)
    }
  }

  /// A header that claims 2³⁰ × 2³⁰ pixels, or more than the limit, is refused before anything is unpacked.
  @Test func bombsAreRefused() throws {
    var png = try Self.gradient(9, 9, 1).png()
    png.replaceSubrange(16..<24, with: [0x40, 0, 0, 0, 0x40, 0, 0, 0])
    let checked = Array(png[12..<29])
    png.replaceSubrange(29..<33, with: (0..<4).map { UInt8(truncatingIfNeeded: plainCRC(checked) >> (24 - 8 * $0)) })
    #expect(throws: ImageError.self) { try Picture(png: png) }
    let honest = try Self.gradient(9, 9, 1).png()
    #expect(throws: ImageError.png("it has 9×9 pixels, and more than 80 are too many")) {
      try Picture(png: honest, pixelLimit: 80)
    }
  }

  /// Found by fuzzing: libpng takes memory for what a chunk claims to have, and a few bytes of pixels cannot be many.
  @Test func claimsBeyondTheFileAreRefused() throws {
    let png = PlainPNG(width: 1, height: 1, .grey, depth: 8, [0])
    for type in ["tEXt", "zTXt", "iTXt", "iCCP", "IDAT"] {
      let bytes = png.header + [0x24, 0, 0, 0] + Array(type.utf8) + png.bytes.dropFirst(png.header.count)
      #expect(throws: ImageError.png("it ends too early"), "\(type)") { try Picture(png: bytes) }
      #expect(throws: ImageError.png("it ends too early"), "\(type)") { try pngText(bytes) }
    }
    let large = PlainPNG(width: 16_000, height: 16_000, .grey, depth: 8, []).header
    let bytes = large + png.bytes.dropFirst(png.header.count)
    let short = ImageError.png("it is too short for the size that it claims")
    #expect(throws: short) { try Picture(png: bytes) }
    #expect(throws: short) { try pngText(bytes) }
  }
}
