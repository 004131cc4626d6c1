/// The bytes of `value`, least significant first, as in zip archives and NumPy files.
public func littleEndianBytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

/// `bytes` as little-endian numbers, as in NumPy files.
public func littleEndianNumbers<T: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, as type: T.Type) -> [T] {
  bytes.withUnsafeBytes { buffer in
    stride(from: 0, to: buffer.count, by: MemoryLayout<T>.size).map {
      T(littleEndian: buffer.loadUnaligned(fromByteOffset: $0, as: type))
    }
  }
}
