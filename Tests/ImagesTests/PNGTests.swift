import DiffusionImages
import Foundation
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
