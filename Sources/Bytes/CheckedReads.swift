extension UnsafeRawBufferPointer {
  /// The bytes `offset ..< offset + count`, or nil if they are not all there.
  package func slice(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else { return nil }
    return UnsafeRawBufferPointer(rebasing: self[offset..<offset + count])
  }

  /// The little-endian integer at `offset`, or nil if the buffer ends before it does.
  package func integer<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T? {
    slice(offset, MemoryLayout<T>.size).map { T(littleEndian: $0.loadUnaligned(as: type)) }
  }

  /// The text at `offset`, or nil if the buffer ends before it does. Bytes that are not UTF-8 are replaced.
  package func text(_ offset: Int, _ count: Int) -> String? {
    slice(offset, count).map { String(decoding: $0, as: UTF8.self) }
  }
}
