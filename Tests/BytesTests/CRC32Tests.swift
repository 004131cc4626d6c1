import DiffusionBytes
import Testing

struct CRC32Tests {
  /// The usual check value of CRC-32, in one piece and byte by byte.
  @Test func checksums() {
    var whole = CRC32()
    whole.update(Array("123456789".utf8))
    #expect(whole.value == 0xCBF4_3926)
    var pieces = CRC32()
    for byte in "123456789".utf8 { pieces.update([byte]) }
    #expect(pieces.value == whole.value)
    #expect(CRC32().value == 0)
  }

  /// Any length and alignment gives the same as a bitwise computation.
  @Test func everyLength() {
    let bytes = (0..<70).map { UInt8(truncatingIfNeeded: $0 * 151 + 7) }
    bytes.withUnsafeBytes { buffer in
      for begin in 0..<9 {
        for end in begin...bytes.count {
          var checksum = CRC32()
          checksum.update(UnsafeRawBufferPointer(rebasing: buffer[begin..<end]))
          #expect(checksum.value == bitByBit(bytes[begin..<end]), "\(begin)..<\(end)")
        }
      }
    }
  }

  private func bitByBit(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
    }
    return ~crc
  }
}
