import DiffusionBytes

/// A chunk of a PNG: a type of four letters, and data.
struct PNGChunk {
  let type: String
  let data: [UInt8]

  /// The first bytes of every PNG.
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  init(_ type: String, _ data: [UInt8]) { (self.type, self.data) = (type, data) }

  /// The chunk as stored in a file: length, type, data, and the CRC of type and data.
  var bytes: [UInt8] {
    let checked = Array(type.utf8) + data
    var crc = CRC32()
    crc.update(checked)
    return bigEndianBytes(UInt32(data.count)) + checked + bigEndianBytes(crc.value)
  }

  /// The chunks of a PNG made by `Picture.png(text:)`.
  static func all(of png: [UInt8]) -> [PNGChunk] {
    var chunks: [PNGChunk] = []
    var offset = signature.count
    while offset + 12 <= png.count {
      let length = png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      let data = offset + 8
      precondition(data + length + 4 <= png.count, "a chunk of \(length) bytes ends behind its PNG")
      chunks.append(
        PNGChunk(String(decoding: png[offset + 4..<data], as: UTF8.self), Array(png[data..<data + length])))
      offset = data + length + 4
    }
    return chunks
  }
}

/// The bytes of `value`, most significant byte first, as in PNGs.
func bigEndianBytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  (0..<T.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}
