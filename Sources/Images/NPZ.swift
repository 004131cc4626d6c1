/// The bytes of a `.npz`, NumPy's archive of arrays by name: a zip of `.npy` entries, stored as they are. The dates in it are
/// fixed, so that the same arrays give the same bytes.
///
/// - Parameter path: what errors call it.
/// - Throws: `ImageError.archiveTooLarge` at 4 GiB.
public func npz(
  _ arrays: [(name: String, shape: [Int], elements: NPYElements)], path: String
) throws(ImageError) -> [UInt8] {
  var archive: [UInt8] = []
  var directory: [UInt8] = []
  for (name, shape, elements) in arrays {
    let data = npy(shape, elements)
    let fileName = Array("\(name).npy".utf8)
    guard archive.count + data.count < Int(UInt32.max) - 65_536 else { throw .archiveTooLarge(path: path) }
    // What an entry's own record and its directory record have in common: version 2.0, no flags, stored, 1 January 1980, sizes.
    let common =
      littleEndianBytes(20 as UInt16) + [0, 0, 0, 0, 0, 0] + littleEndianBytes(0x21 as UInt16)
      + littleEndianBytes(crc32(data)) + littleEndianBytes(UInt32(data.count)) + littleEndianBytes(UInt32(data.count))
      + littleEndianBytes(UInt16(fileName.count)) + [0, 0]
    directory += littleEndianBytes(0x0201_4B50 as UInt32) + littleEndianBytes(20 as UInt16) + common
    // No comment, first disk, no attributes.
    directory += [UInt8](repeating: 0, count: 10) + littleEndianBytes(UInt32(archive.count)) + fileName
    archive += littleEndianBytes(0x0403_4B50 as UInt32) + common + fileName + data
  }
  let end =
    littleEndianBytes(0x0605_4B50 as UInt32) + [0, 0, 0, 0] + littleEndianBytes(UInt16(arrays.count))
    + littleEndianBytes(UInt16(arrays.count)) + littleEndianBytes(UInt32(directory.count))
    + littleEndianBytes(UInt32(archive.count)) + [0, 0]
  return archive + directory + end
}

/// CRC-32 as zip and PNG use it (ISO 3309), bit by bit.
func crc32(_ bytes: [UInt8]) -> UInt32 {
  let table = (0..<256 as Range<UInt32>).map { byte in
    (0..<8).reduce(byte) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
  }
  return ~bytes.reduce(~0) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
}
