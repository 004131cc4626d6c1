/// The directory of a zip archive as written by PyTorch and NumPy (APPNOTE.TXT 6.3.10, §4.3). Checksums are not
/// verified, and nothing is unpacked.
public struct ZipArchive: Sendable {
  /// The signature of the record before each entry's bytes, and so the first bytes of an archive.
  public static let localSignature: UInt32 = 0x0403_4B50
  private static let directorySignature: UInt32 = 0x0201_4B50
  private static let endSignature: UInt32 = 0x0605_4B50
  private static let end64Signature: UInt32 = 0x0606_4B50
  private static let locator64Signature: UInt32 = 0x0706_4B50

  /// The directory's record of an entry.
  public struct Entry: Sendable, Equatable {
    /// The entry's bytes in the file.
    public let place: Range<Int>
    /// Whether they are a deflate stream; otherwise they are stored as they are.
    public let isDeflated: Bool
    /// The claimed unpacked size in bytes, unverified.
    public let size: Int
    /// The claimed CRC-32 of the unpacked bytes, unverified.
    public let checksum: UInt32
  }

  /// The entries by name.
  public let entries: [String: Entry]
  /// The archive's comment; empty if it has none.
  public let comment: [UInt8]

  /// Reads the directory of the archive in `file` and checks that each entry is within the file.
  ///
  /// - Parameters:
  ///   - file: the whole archive.
  ///   - takesDeflate: whether entries may be deflated; otherwise all must be stored as they are.
  /// - Throws: `ZipFault`.
  public init(_ file: UnsafeRawBufferPointer, takesDeflate: Bool = false) throws(ZipFault) {
    let (directory, end) = try Self.findDirectory(file)
    comment = file.slice(end, file.count - end).map { [UInt8]($0) } ?? []
    var entries: [String: Entry] = [:]
    var offset = directory.lowerBound
    while offset < directory.upperBound {
      let record = try Self.readEntry(file, at: offset, before: directory.upperBound)
      guard takesDeflate || !record.entry.isDeflated else { throw .compressed(entry: record.name) }
      guard entries.updateValue(record.entry, forKey: record.name) == nil else {
        throw .duplicate(entry: record.name)
      }
      offset = record.next
    }
    self.entries = entries
  }

  /// The same for an archive in an array.
  ///
  /// - Throws: `ZipFault`.
  public init(_ file: [UInt8], takesDeflate: Bool = false) throws(ZipFault) {
    // `withUnsafeBytes` does not support typed throws.
    let result = file.withUnsafeBytes { bytes in
      Result { () throws(ZipFault) in try ZipArchive(bytes, takesDeflate: takesDeflate) }
    }
    self = try result.get()
  }

  /// The place of the directory, according to the record at the end of the file, and that of the comment behind it.
  private static func findDirectory(
    _ file: UnsafeRawBufferPointer
  ) throws(ZipFault) -> (directory: Range<Int>, comment: Int) {
    // The record is 22 bytes and a comment of at most 65,535 bytes, whose length it states.
    let recordSize = 22
    var end = file.count - recordSize
    let first = max(0, end - 65_535)
    while end >= first {
      if file.integer(end, as: UInt32.self) == endSignature,
        let comment = file.integer(end + 20, as: UInt16.self), Int(comment) == file.count - recordSize - end
      {
        break
      }
      end -= 1
    }
    guard end >= first, end >= 0 else { throw .noDirectory }

    var size = UInt64(file.integer(end + 12, as: UInt32.self) ?? 0)
    var offset = UInt64(file.integer(end + 16, as: UInt32.self) ?? 0)
    // Fields that do not fit are in a larger record, which a locator before this record points to.
    if file.integer(end - 20, as: UInt32.self) == locator64Signature,
      let end64 = file.integer(end - 12, as: UInt64.self)
    {
      guard let end64 = Int(exactly: end64), file.integer(end64, as: UInt32.self) == end64Signature,
        let size64 = file.integer(end64 + 40, as: UInt64.self),
        let offset64 = file.integer(end64 + 48, as: UInt64.self)
      else { throw .badRecord(what: "zip64 end-of-directory record", offset: Int(truncatingIfNeeded: end64)) }
      (size, offset) = (size64, offset64)
    }
    return (try range(file, "the zip directory", offset, size), end + recordSize)
  }

  private static func readEntry(
    _ file: UnsafeRawBufferPointer, at offset: Int, before end: Int
  ) throws(ZipFault) -> (name: String, entry: Entry, next: Int) {
    guard file.integer(offset, as: UInt32.self) == directorySignature,
      let flags = file.integer(offset + 8, as: UInt16.self), let method = file.integer(offset + 10, as: UInt16.self),
      let checksum = file.integer(offset + 16, as: UInt32.self),
      let storedSize = file.integer(offset + 20, as: UInt32.self),
      let fullSize = file.integer(offset + 24, as: UInt32.self),
      let nameLength = file.integer(offset + 28, as: UInt16.self),
      let extraLength = file.integer(offset + 30, as: UInt16.self),
      let commentLength = file.integer(offset + 32, as: UInt16.self),
      let localOffset = file.integer(offset + 42, as: UInt32.self),
      let name = file.text(offset + 46, Int(nameLength)),
      offset + 46 + Int(nameLength) + Int(extraLength) + Int(commentLength) <= end
    else { throw .badRecord(what: "zip directory entry", offset: offset) }
    let next = offset + 46 + Int(nameLength) + Int(extraLength) + Int(commentLength)
    if flags & 1 != 0 { throw .encrypted(entry: name) }
    let isDeflated = method == 8
    if method != 0 && !isDeflated { throw .compressed(entry: name) }

    let wide = wideFields(
      file, extra: offset + 46 + Int(nameLength)..<offset + 46 + Int(nameLength) + Int(extraLength),
      wanted: [fullSize, storedSize, localOffset])
    guard let wide, let size = Int(exactly: wide[0]) else {
      throw .badRecord(what: "zip64 field of entry \(name)", offset: offset)
    }
    if !isDeflated && wide[0] != wide[1] { throw .compressed(entry: name) }

    // The entry's local record repeats the name, with an extra field of its own; the entry's bytes follow.
    let local = try range(file, "entry \(name)", wide[2], 30).lowerBound
    guard file.integer(local, as: UInt32.self) == localSignature,
      let localNameLength = file.integer(local + 26, as: UInt16.self),
      let localExtraLength = file.integer(local + 28, as: UInt16.self),
      file.text(local + 30, Int(localNameLength)) == name
    else { throw .badRecord(what: "entry \(name)", offset: local) }
    let begin = local + 30 + Int(localNameLength) + Int(localExtraLength)
    let place = try range(file, "entry \(name)", UInt64(begin), wide[1])
    return (name, Entry(place: place, isDeflated: isDeflated, size: size, checksum: checksum), next)
  }

  /// The values of the fields `wanted`. Those with all bits set are in the zip64 part of the extra field, in this
  /// order; nil if one is missing there.
  private static func wideFields(_ file: UnsafeRawBufferPointer, extra: Range<Int>, wanted: [UInt32]) -> [UInt64]? {
    guard wanted.contains(.max) else { return wanted.map(UInt64.init) }
    var offset = extra.lowerBound
    while offset + 4 <= extra.upperBound {
      guard let id = file.integer(offset, as: UInt16.self), let length = file.integer(offset + 2, as: UInt16.self)
      else { return nil }
      if id == 1 {
        var place = offset + 4
        var values: [UInt64] = []
        for field in wanted {
          if field != .max {
            values.append(UInt64(field))
          } else {
            guard place + 8 <= min(offset + 4 + Int(length), extra.upperBound),
              let value = file.integer(place, as: UInt64.self)
            else { return nil }
            values.append(value)
            place += 8
          }
        }
        return values
      }
      offset += 4 + Int(length)
    }
    return nil
  }

  private static func range(
    _ file: UnsafeRawBufferPointer, _ what: String, _ offset: UInt64, _ size: UInt64
  ) throws(ZipFault) -> Range<Int> {
    guard let begin = Int(exactly: offset), let count = Int(exactly: size), file.slice(begin, count) != nil else {
      throw .beyondEnd(what: what, offset: offset, size: size, available: file.count)
    }
    return begin..<begin + count
  }
}
