import DiffusionBytes

/// Reads the bytes of a pickle from front to back; every access is bounds-checked.
struct PickleReader {
  let bytes: UnsafeRawBufferPointer
  var position: Int
  /// The bytes that may still be read, without those of byte strings, which are not copied.
  private var room = PickleMachine.sizeLimit

  init(bytes: UnsafeRawBufferPointer, position: Int) { (self.bytes, self.position) = (bytes, position) }

  mutating func take(_ count: Int) throws(PickleFault) -> UnsafeRawBufferPointer {
    guard let taken = bytes.slice(position, count) else { throw .truncated }
    guard count <= room else { throw .tooLong(limit: PickleMachine.sizeLimit) }
    room -= count
    position += count
    return taken
  }

  mutating func skip(_ count: Int) throws(PickleFault) { _ = try take(count) }

  /// Skips a byte string; returns where it lies.
  mutating func byteString(_ count: Int) throws(PickleFault) -> Range<Int> {
    guard bytes.slice(position, count) != nil else { throw .truncated }
    defer { position += count }
    return position..<position + count
  }

  mutating func byte() throws(PickleFault) -> UInt8 { try take(1)[0] }

  mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws(PickleFault) -> T {
    T(littleEndian: try take(MemoryLayout<T>.size).loadUnaligned(as: type))
  }

  /// A length prefix.
  mutating func length<T: FixedWidthInteger>(_ type: T.Type) throws(PickleFault) -> Int {
    guard let length = Int(exactly: try integer(type)) else { throw .truncated }
    return length
  }

  /// An integer of `count` bytes, little-endian, two's complement; nil if it does not fit an `Int`.
  mutating func longInteger(_ count: Int) throws(PickleFault) -> Int? {
    let digits = try take(count)
    guard digits.count <= 8 else { return nil }
    var value = digits.last.map { $0 & 0x80 != 0 ? -1 : 0 } ?? 0
    for digit in digits.reversed() { value = value << 8 | Int(digit) }
    return value
  }

  mutating func text(_ count: Int) throws(PickleFault) -> String {
    String(decoding: try take(count), as: UTF8.self)
  }

  mutating func line() throws(PickleFault) -> String {
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { throw .truncated }
    let line = try text(end - position)
    try skip(1)
    return line
  }
}
