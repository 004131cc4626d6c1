import DiffusionImages
import TestSupport
import Testing

/// PNGs that are broken in the ways of PngSuite's broken ones, and others that would take all memory.
struct HostilePNGTests {
  private typealias Chunk = (type: String, data: [UInt8])

  /// A picture that is right, as its chunks: IHDR, IDAT and IEND, with a palette PLTE behind IHDR.
  private static func chunks(palette: Bool = false) -> [Chunk] {
    var png = PlainPNG(width: 3, height: 2, palette ? .palette : .grey, depth: 8, [0, 1, 2, 2, 1, 0])
    if palette { png.palette = [9, 9, 9, 8, 8, 8, 7, 7, 7] }
    return plainChunks(png.bytes)
  }

  /// What both readers say, which must be the same; nil if they take it.
  private func refusal(_ png: [UInt8]) -> String? {
    var messages: [String?] = []
    for read in [{ _ = try Picture(png: $0) }, { _ = try pngText($0) }] as [([UInt8]) throws -> Void] {
      do {
        try read(png)
        messages.append(nil)
      } catch { messages.append("\(error)") }
    }
    #expect(messages[0] == messages[1])
    return messages[0]
  }

  /// With byte `place` of the header (its width, height, depth, colours, compression, filter,
  /// interlacing) put in place.
  private func withHeader(_ place: Int, _ byte: UInt8) -> [UInt8] {
    var chunks = Self.chunks()
    chunks[0].data[place] = byte
    return plainPNG(chunks)
  }

  @Test func rightOnes() throws {
    #expect(try Picture(png: plainPNG(Self.chunks())).pixels == [0, 1, 2, 2, 1, 0])
    #expect(refusal(plainPNG(Self.chunks(palette: true))) == nil)
  }

  @Test(arguments: [
    (3, 0, "Image width is zero in IHDR"), (7, 0, "Image height is zero in IHDR"),
    (0, 0x80, "PNG unsigned integer out of range"),
    (8, 0, "Invalid bit depth in IHDR"), (8, 3, "Invalid bit depth in IHDR"), (8, 99, "Invalid bit depth in IHDR"),
    (9, 1, "Invalid color type in IHDR"), (9, 9, "Invalid color type in IHDR"),
    (10, 1, "Unknown compression method in IHDR"), (11, 1, "Invalid filter method in IHDR"),
    (12, 2, "Unknown interlace method in IHDR"),
  ])
  func headers(place: Int, byte: UInt8, reason: String) {
    #expect(refusal(withHeader(place, byte)) == "the PNG cannot be used: \(reason)")
  }

  /// As xs1, xs2, xs4, xs7, xcr and xlf of PngSuite: a byte of the signature is another, or line ends were converted.
  @Test func signatures() {
    let png = plainPNG(Self.chunks())
    for i in 0..<8 {
      var bytes = png
      bytes[i] ^= 0x80
      #expect(refusal(bytes) != nil, "byte \(i)")
    }
    let carriageReturns = png.flatMap { $0 == 10 ? [13, 10] : [$0] }
    let lineFeeds = png.filter { $0 != 13 }
    for bytes in [carriageReturns, lineFeeds, [], Array(png.prefix(8))] { #expect(refusal(bytes) != nil) }
  }

  @Test func checksums() {
    let png = plainPNG(Self.chunks(palette: true))
    var offset = 8
    for chunk in Self.chunks(palette: true) {
      offset += 12 + chunk.data.count
      var bytes = png
      bytes[offset - 1] ^= 1
      #expect(refusal(bytes)?.hasSuffix("CRC error") == true, "\(chunk.type)")
    }
  }

  @Test func missingChunks() {
    let (grey, palette) = (Self.chunks(), Self.chunks(palette: true))
    #expect(refusal(plainPNG([grey[0], grey[2]])) != nil, "no IDAT")
    #expect(refusal(plainPNG([palette[0], palette[2], palette[3]])) != nil, "no PLTE")
    #expect(refusal(plainPNG([grey[1], grey[2]])) != nil, "no IHDR")
    #expect(refusal(plainPNG([grey[0], grey[1]])) != nil, "no IEND")
    #expect(refusal(plainPNG([grey[0], ("IDAT", []), grey[2]])) != nil, "nothing in IDAT")
    #expect(
      refusal(plainPNG([grey[0], ("IDAT", Array(grey[1].data.prefix(12))), grey[2]])) != nil, "half of it in IDAT")
    #expect(refusal(plainPNG([grey[0], ("ABCD", []), grey[1], grey[2]])) != nil, "a chunk that nobody knows, and must")
  }

  // MARK: Bombs

  /// Claims are refused for what they claim, whatever follows.
  @Test(arguments: [
    (2_147_483_647, 2_147_483_647), (100_000, 100_000), (16_384, 16_385), (268_435_457, 1), (1, 268_435_457),
  ])
  func claims(width: Int, height: Int) {
    let header = PlainPNG(width: width, height: height, .grey, depth: 8, []).header
    let rest = plainPNG(Array(Self.chunks().dropFirst())).dropFirst(8)
    #expect(
      refusal(header + rest)
        == "the PNG cannot be used: it has \(width)×\(height) pixels, and more than 268435456 are too many")
  }

  /// A zlib stream, without its checksum, of a deflate block with fixed codes (RFC 1951, 3.2.6): one zero, and 8 · 258
  /// more for each of `periods`.
  private func zeros(periods: Int) -> [UInt8] {
    // The last block, fixed codes; the literal 0. Then, eight times in 13 bytes, the length 258 and the distance 1.
    let head: [UInt8] = [1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    let again: [UInt8] = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]
    let repeated = [[UInt8]](repeating: again, count: 8).flatMap { $0 }
    func bytes(_ bits: some Sequence<UInt8>) -> [UInt8] {
      let bits = Array(bits)
      return stride(from: 0, to: bits.count, by: 8).map { first in
        bits[first..<min(first + 8, bits.count)].enumerated().reduce(0) { $0 | $1.element << $1.offset }
      }
    }
    // Three bits of the head are left when its byte is full, three of each period again, and they are the same.
    let period = bytes((head + repeated).dropFirst(8).dropLast(3))
    var stream: [UInt8] = [0x78, 0x01] + bytes(head.prefix(8))
    for _ in 0..<periods { stream += period }
    // Those, and the seven zeros that end a block.
    return stream + bytes(repeated.suffix(3) + [UInt8](repeating: 0, count: 7))
  }

  /// 30,000 × 30,000 black pixels, which 6 MB unpack to: refused before that.
  @Test func aDeflateBomb() {
    let header = PlainPNG(width: 30_000, height: 30_000, .grey, depth: 8, []).header
    let data = zeros(periods: 30_000 * 30_001 / (8 * 258) + 1)
    #expect(data.count < 6 << 20)
    let rest = plainPNG([("IDAT", data), ("IEND", [])]).dropFirst(8)
    #expect(refusal(header + rest)?.contains("30000×30000 pixels") == true)
  }

  /// Data that go on behind the picture's end are not unpacked into anything.
  @Test func moreDataThanPixels() throws {
    let header = PlainPNG(width: 2063, height: 1, .grey, depth: 8, []).header
    let rest = plainPNG([("IDAT", zeros(periods: 10_000)), ("IEND", [])]).dropFirst(8)
    if let picture = try? Picture(png: header + rest) {
      #expect(picture.pixels == [UInt8](repeating: 0, count: 2063))
    }
  }

  /// Texts, a profile and a palette that unpack to 64 MB each, many times over: left out, and the picture is read.
  @Test func chunksThatUnpackToMuch() throws {
    let packed = zeros(periods: (64 << 20) / (8 * 258))
    let text: Chunk = ("zTXt", Array("Comment\0\0".utf8) + packed)
    let international: Chunk = ("iTXt", Array("Comment\0\u{1}\0\0\0".utf8) + packed)
    let profile: Chunk = ("iCCP", Array("Profile\0\0".utf8) + packed)
    let chunks = Self.chunks()
    let png = plainPNG([chunks[0], profile] + [text, international, text, international] + chunks[1...])
    #expect(try Picture(png: png).pixels == [0, 1, 2, 2, 1, 0])
    #expect(try pngText(png).allSatisfy { $0.value.utf8.count <= 4 << 20 })
  }

  /// Many texts are many; those that count are the first.
  @Test func manyTexts() throws {
    let chunks = Self.chunks()
    let texts = (0..<5000).map { Chunk("tEXt", Array("Comment\0\($0)".utf8)) }
    let png = plainPNG([chunks[0]] + texts + chunks[1...])
    #expect(try Picture(png: png).pixels == [0, 1, 2, 2, 1, 0])
    let found = try pngText(png)
    #expect(found.count < 64 && found.first?.value == "0")
  }
}
