/// The directory of a zip archive whose entries are stored as they are, as `numpy.savez` writes them (APPNOTE.TXT 6.3.10, §4.3).
///
/// Checksums are not looked at.
struct ZipDirectory {
  private static let localSignature: UInt32 = 0x0403_4B50
  private static let directorySignature: UInt32 = 0x0201_4B50
  private static let endSignature: UInt32 = 0x0605_4B50
  private static let end64Signature: UInt32 = 0x0606_4B50
  private static let locator64Signature: UInt32 = 0x0706_4B50

  /// Where the bytes of each entry lie in the file.
  let entries: [String: Range<Int>]

  /// Reads the directory of `file` and checks that each entry lies in it, uncompressed.
  ///
  /// - Throws: `NPZFault`.
  init(_ file: [UInt8]) throws(NPZFault) {
    let directory = try Self.findDirectory(file)
    var entries: [String: Range<Int>] = [:]
    var offset = directory.lowerBound
    while offset < directory.upperBound {
      let record = try Self.readEntry(file, at: offset, before: directory.upperBound)
      guard entries.updateValue(record.data, forKey: record.name) == nil else { throw .duplicate(entry: record.name) }
      offset = record.next
    }
    self.entries = entries
  }

  /// Where the directory lies, as the record at the end of the file says.
  private static func findDirectory(_ file: [UInt8]) throws(NPZFault) -> Range<Int> {
    // The record has 22 bytes and then a comment of at most 65,535, whose length it gives.
    let recordSize = 22
    let first = max(0, file.count - recordSize - 65_535)
    let end = stride(from: file.count - recordSize, through: first, by: -1).first { place in
      file.number(place, as: UInt32.self) == endSignature
        && file.number(place + 20, as: UInt16.self).map(Int.init) == file.count - recordSize - place
    }
    guard let end, let size = file.number(end + 12, as: UInt32.self),
      let offset = file.number(end + 16, as: UInt32.self)
    else { throw .noDirectory }
    // Fields that do not fit stand in a larger record, which a locator before this one points to.
    guard file.number(end - 20, as: UInt32.self) == locator64Signature,
      let end64 = file.number(end - 12, as: UInt64.self)
    else { return try range(file, "the zip directory", UInt64(offset), UInt64(size)) }
    guard let place = Int(exactly: end64), file.number(place, as: UInt32.self) == end64Signature,
      let size64 = file.number(place + 40, as: UInt64.self), let offset64 = file.number(place + 48, as: UInt64.self)
    else { throw .badRecord(what: "zip64 end-of-directory record", offset: end64) }
    return try range(file, "the zip directory", offset64, size64)
  }

  private static func readEntry(
    _ file: [UInt8], at offset: Int, before end: Int
  ) throws(NPZFault) -> (name: String, data: Range<Int>, next: Int) {
    guard file.number(offset, as: UInt32.self) == directorySignature,
      let flags = file.number(offset + 8, as: UInt16.self), let method = file.number(offset + 10, as: UInt16.self),
      let storedSize = file.number(offset + 20, as: UInt32.self),
      let fullSize = file.number(offset + 24, as: UInt32.self),
      let nameLength = file.number(offset + 28, as: UInt16.self).map(Int.init),
      let extraLength = file.number(offset + 30, as: UInt16.self).map(Int.init),
      let commentLength = file.number(offset + 32, as: UInt16.self).map(Int.init),
      let localOffset = file.number(offset + 42, as: UInt32.self),
      let nameBytes = file.part(offset + 46, nameLength),
      let extra = file.part(offset + 46 + nameLength, extraLength),
      extra.endIndex + commentLength <= end
    else { throw .badRecord(what: "zip directory entry", offset: UInt64(offset)) }
    let name = String(decoding: nameBytes, as: UTF8.self)
    if flags & 1 != 0 { throw .encrypted(entry: name) }
    if method != 0 { throw .compressed(entry: name) }
    guard let wide = wideFields(file, extra: extra.indices, [fullSize, storedSize, localOffset]) else {
      throw .badRecord(what: "zip64 field of entry \(name)", offset: UInt64(offset))
    }
    if wide[0] != wide[1] { throw .compressed(entry: name) }

    // The entry's own record repeats the name, with another extra field; its bytes follow. The sizes in it are not needed:
    // numpy.savez always puts them into its zip64 field.
    let local = try range(file, "entry \(name)", wide[2], 30).lowerBound
    guard file.number(local, as: UInt32.self) == localSignature,
      let localNameLength = file.number(local + 26, as: UInt16.self).map(Int.init),
      let localExtraLength = file.number(local + 28, as: UInt16.self).map(Int.init),
      file.part(local + 30, localNameLength) == nameBytes
    else { throw .badRecord(what: "entry \(name)", offset: UInt64(local)) }
    let begin = local + 30 + localNameLength + localExtraLength
    return (name, try range(file, "entry \(name)", UInt64(begin), wide[1]), extra.endIndex + commentLength)
  }

  /// The values of fields that, where all their bits are set, stand in the zip64 part of the extra field, in this order; nil
  /// if they are not there.
  private static func wideFields(_ file: [UInt8], extra: Range<Int>, _ fields: [UInt32]) -> [UInt64]? {
    guard fields.contains(.max) else { return fields.map(UInt64.init) }
    var offset = extra.lowerBound
    while let id = file.number(offset, as: UInt16.self), let length = file.number(offset + 2, as: UInt16.self),
      offset + 4 + Int(length) <= extra.upperBound
    {
      let next = offset + 4 + Int(length)
      if id == 1 {
        var place = offset + 4
        var values: [UInt64] = []
        for field in fields {
          if field != .max {
            values.append(UInt64(field))
          } else {
            guard place + 8 <= next, let value = file.number(place, as: UInt64.self) else { return nil }
            values.append(value)
            place += 8
          }
        }
        return values
      }
      offset = next
    }
    return nil
  }

  private static func range(
    _ file: [UInt8], _ what: String, _ offset: UInt64, _ size: UInt64
  ) throws(NPZFault) -> Range<Int> {
    guard let begin = Int(exactly: offset), let count = Int(exactly: size), file.part(begin, count) != nil else {
      throw .beyondEnd(what: what, offset: offset, size: size, available: file.count)
    }
    return begin..<begin + count
  }
}
