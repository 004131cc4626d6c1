import DiffusionImages

/// The bytes of a `.npz`, NumPy's archive of arrays by name, put together in memory:
/// a zip of `.npy` entries, stored as they are.
///
/// - Parameters:
///   - arrays: what it holds.
///   - types: names of types for arrays that have others than their elements, of as many characters.
public func plainNPZ(
  _ arrays: [(name: String, shape: [Int], elements: NPYElements)], types: [String: String] = [:]
) -> [UInt8] {
  var archive: [UInt8] = []
  var directory: [UInt8] = []
  for (name, shape, elements) in arrays {
    var data = npy(shape, elements)
    if let type = types[name], let place = data.firstRange(of: Array(elements.type.utf8)) {
      data.replaceSubrange(place, with: Array(type.utf8))
    }
    let fileName = Array("\(name).npy".utf8)
    // What an entry's own record and its directory record have in common:
    // version 2.0, no flags, stored, 1 January 1980, sizes.
    let common =
      littleEndian(20 as UInt16) + [0, 0, 0, 0, 0, 0] + littleEndian(0x21 as UInt16)
      + littleEndian(crc32(data)) + littleEndian(UInt32(data.count)) + littleEndian(UInt32(data.count))
      + littleEndian(UInt16(fileName.count)) + [0, 0]
    directory += littleEndian(0x0201_4B50 as UInt32) + littleEndian(20 as UInt16) + common
    // No comment, first disk, no attributes.
    directory += [UInt8](repeating: 0, count: 10) + littleEndian(UInt32(archive.count)) + fileName
    archive += littleEndian(0x0403_4B50 as UInt32) + common + fileName + data
  }
  let end =
    littleEndian(0x0605_4B50 as UInt32) + [0, 0, 0, 0] + littleEndian(UInt16(arrays.count))
    + littleEndian(UInt16(arrays.count)) + littleEndian(UInt32(directory.count))
    + littleEndian(UInt32(archive.count)) + [0, 0]
  return archive + directory + end
}

/// CRC-32 as zip and PNG use it (ISO 3309), bit by bit.
public func crc32(_ bytes: [UInt8]) -> UInt32 {
  let table = (0..<256 as Range<UInt32>).map { byte in
    (0..<8).reduce(byte) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
  }
  return ~bytes.reduce(~0) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
}
