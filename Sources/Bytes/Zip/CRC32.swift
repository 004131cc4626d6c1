/// CRC-32 as used by zip and PNG (ISO 3309), of bytes that arrive in pieces.
public struct CRC32: Sendable {
  /// The effect of a byte on the checksum at 0, 1, … 7 bytes before the end of a group of eight: 256 entries each.
  /// Groups of eight, whose lookups are independent, are several times as fast as single bytes.
  private static let tables: [UInt32] = {
    var tables = (0..<256 as Range<UInt32>).map { byte in
      (0..<8).reduce(byte) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
    }
    for i in 256..<8 * 256 {
      let before = tables[i - 256]
      tables.append(tables[Int(before & 0xFF)] ^ before >> 8)
    }
    return tables
  }()

  private var state: UInt32 = ~0

  /// The checksum of no bytes.
  public init() {}

  /// The checksum of the bytes so far.
  public var value: UInt32 { ~state }

  /// Adds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    Self.tables.withUnsafeBufferPointer { table in
      /// The entry for byte `byte` of `word`, `place` bytes before the end of the group.
      func entry(_ word: UInt32, _ byte: UInt32, _ place: Int) -> UInt32 {
        table[place << 8 | Int(word >> (8 * byte) & 0xFF)]
      }
      var crc = state
      var i = 0
      while i + 8 <= bytes.count {
        let low = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: i, as: UInt32.self)) ^ crc
        let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: i + 4, as: UInt32.self))
        crc = entry(low, 0, 7) ^ entry(low, 1, 6) ^ entry(low, 2, 5) ^ entry(low, 3, 4)
        crc ^= entry(high, 0, 3) ^ entry(high, 1, 2) ^ entry(high, 2, 1) ^ entry(high, 3, 0)
        i += 8
      }
      for byte in bytes[i...] { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ crc >> 8 }
      state = crc
    }
  }

  /// Adds bytes.
  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }
}
