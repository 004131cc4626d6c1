/// The numbers that fill `bytes`, each with its least significant byte first, as NumPy's files have them.
func littleEndianNumbers<T: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, as type: T.Type) -> [T] {
  bytes.withUnsafeBytes { buffer in
    stride(from: 0, to: buffer.count, by: MemoryLayout<T>.size).map {
      T(littleEndian: buffer.loadUnaligned(fromByteOffset: $0, as: type))
    }
  }
}
