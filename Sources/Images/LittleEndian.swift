// Numbers in the bytes of a file, the last significant byte first, as NumPy's files and zip archives have them.

/// The bytes of `value`.
func littleEndianBytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

/// The numbers that fill `bytes`.
func littleEndianNumbers<T: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, as type: T.Type) -> [T] {
  bytes.withUnsafeBytes { buffer in
    stride(from: 0, to: buffer.count, by: MemoryLayout<T>.size).map {
      T(littleEndian: buffer.loadUnaligned(fromByteOffset: $0, as: type))
    }
  }
}
