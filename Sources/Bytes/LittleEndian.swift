/// The bytes of `value`, the least significant one first, as zip archives and NumPy's files have them.
public func littleEndianBytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

/// The numbers that fill `bytes`, each with its least significant byte first, as NumPy's files have them.
public func littleEndianNumbers<T: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, as type: T.Type) -> [T] {
  bytes.withUnsafeBytes { buffer in
    stride(from: 0, to: buffer.count, by: MemoryLayout<T>.size).map {
      T(littleEndian: buffer.loadUnaligned(fromByteOffset: $0, as: type))
    }
  }
}
