// The records of a zip, for archives that lie.

private func bytes(_ value: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// An entry's own record, without sizes, and its data.
func zipLocal(_ name: String, _ data: [UInt8]) -> [UInt8] {
  [0x50, 0x4B, 3, 4] + bytes(0, 22) + bytes(name.utf8.count, 2) + bytes(0, 2) + Array(name.utf8) + data
}

/// An entry's record in the directory; `extraLength` is what it says, not what it has. An entry that is not `unpacked`
/// to another size is stored as it is.
func zipEntry(
  _ name: String, size: Int, unpacked: Int? = nil, checksum: UInt32 = 0, offset: Int = 0, method: Int = 0,
  flags: Int = 0,
  extraLength: Int = 0
) -> [UInt8] {
  [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + bytes(flags, 2) + bytes(method, 2) + bytes(0, 4) + bytes(Int(checksum), 4)
    + bytes(size, 4) + bytes(unpacked ?? size, 4)
    + bytes(name.utf8.count, 2) + bytes(extraLength, 2) + bytes(0, 10) + bytes(offset, 4) + Array(name.utf8)
}

/// The record at the end.
func zipEnd(size: Int, offset: Int) -> [UInt8] {
  [0x50, 0x4B, 5, 6] + bytes(0, 8) + bytes(size, 4) + bytes(offset, 4) + bytes(0, 2)
}
