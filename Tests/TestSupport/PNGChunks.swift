import Testing

/// The chunks of a PNG, read with code of the tests' own: length, type, data, and a CRC that must be right.
public func plainChunks(
  _ png: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
) -> [(type: String, data: [UInt8])] {
  #expect(Array(png.prefix(8)) == pngSignature, sourceLocation: sourceLocation)
  var chunks: [(type: String, data: [UInt8])] = []
  var offset = 8
  while offset + 12 <= png.count {
    let end = offset + 8 + Int(plainNumber(png[offset..<offset + 4]))
    guard end + 4 <= png.count else { break }
    let body = Array(png[offset + 4..<end])
    #expect(plainNumber(png[end..<end + 4]) == plainCRC(body), sourceLocation: sourceLocation)
    chunks.append((String(decoding: body[..<4], as: UTF8.self), Array(body[4...])))
    offset = end + 4
  }
  #expect(offset == png.count, sourceLocation: sourceLocation)
  return chunks
}

/// A PNG of these chunks.
public func plainPNG(_ chunks: [(type: String, data: [UInt8])]) -> [UInt8] {
  func bytes(_ number: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(number >> $0 & 255) } }
  return pngSignature
    + chunks.flatMap { chunk in
      let body = Array(chunk.type.utf8) + chunk.data
      return bytes(UInt32(chunk.data.count)) + body + bytes(plainCRC(body))
    }
}

/// The number that bytes stand for, the most significant one first.
public func plainNumber(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

/// The remainder of the polynomial 0x04C11DB7, bit by bit.
public func plainCRC(_ bytes: [UInt8]) -> UInt32 {
  var remainder: UInt32 = ~0
  for byte in bytes {
    remainder ^= UInt32(byte)
    for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xEDB8_8320 : 0) }
  }
  return ~remainder
}

private let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

/// An animated PNG, taken apart with code of the tests' own.
public struct PlainAnimation {
  /// What a viewer without animations shows, as a PNG of its own.
  public let still: [UInt8]
  /// Each frame as a PNG of its own.
  public let frames: [[UInt8]]
  /// How long each is shown.
  public let milliseconds: [Double]
  /// How often, 0 for without end.
  public let plays: UInt32

  /// Takes `png` apart, and expects what the specification asks of the order and the numbers of its chunks; every frame
  /// must cover the whole and replace what was there.
  public init(_ png: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let chunks = plainChunks(png, sourceLocation: sourceLocation)
    let header = try #require(chunks.first)
    #expect(header.type == "IHDR" && chunks.last?.type == "IEND", sourceLocation: sourceLocation)
    #expect(chunks.count { $0.type == "acTL" } == 1, sourceLocation: sourceLocation)
    let control = try #require(chunks.firstIndex { $0.type == "acTL" })
    let firstData = try #require(chunks.firstIndex { $0.type == "IDAT" })
    let firstFrame = try #require(chunks.firstIndex { $0.type == "fcTL" })
    #expect(control < firstData && firstData < firstFrame, sourceLocation: sourceLocation)
    still = plainPNG(chunks.filter { ["IHDR", "IDAT", "IEND"].contains($0.type) })
    var frames: [[UInt8]] = []
    var milliseconds: [Double] = []
    var sequence: UInt32 = 0
    for chunk in chunks[firstFrame...].dropLast() {
      #expect(plainNumber(chunk.data[..<4]) == sequence, sourceLocation: sourceLocation)
      sequence += 1
      if chunk.type == "fcTL" {
        // Width and height are the header's; no offset; time as a fraction; nothing disposed of, nothing blended.
        #expect(Array(chunk.data[4..<12]) == Array(header.data[..<8]), sourceLocation: sourceLocation)
        #expect(chunk.data.count == 26 && chunk.data[12..<20].allSatisfy { $0 == 0 }, sourceLocation: sourceLocation)
        #expect(Array(chunk.data[24...]) == [0, 0], sourceLocation: sourceLocation)
        milliseconds.append(
          1000 * Double(plainNumber(chunk.data[20..<22])) / Double(plainNumber(chunk.data[22..<24])))
        frames.append([])
      } else {
        #expect(chunk.type == "fdAT", sourceLocation: sourceLocation)
        // libpng refuses 8 MB of a type that it does not know.
        #expect(chunk.data.count < 1 << 20, sourceLocation: sourceLocation)
        frames[frames.count - 1] += chunk.data[4...]
      }
    }
    self.frames = frames.map { plainPNG([header, ("IDAT", $0), ("IEND", [])]) }
    self.milliseconds = milliseconds
    let data = chunks[control].data
    #expect(data.count == 8 && plainNumber(data[..<4]) == UInt32(frames.count), sourceLocation: sourceLocation)
    plays = plainNumber(data[4...])
  }
}
