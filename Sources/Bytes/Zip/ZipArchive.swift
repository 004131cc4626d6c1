/// The directory of a zip archive as PyTorch and NumPy write them (APPNOTE.TXT 6.3.10, §4.3). Checksums are not looked at, and nothing is
/// unpacked.
public struct ZipArchive: Sendable {
  /// The first bytes of an archive: of the record before each entry's bytes.
  public static let localSignature: UInt32 = 0x0403_4B50
  private static let directorySignature: UInt32 = 0x0201_4B50
  private static let endSignature: UInt32 = 0x0605_4B50
  private static let end64Signature: UInt32 = 0x0606_4B50
  private static let locator64Signature: UInt32 = 0x0706_4B50

  /// What the directory says of an entry.
  public struct Entry: Sendable, Equatable {
    /// Where its bytes lie in the file.
    public let place: Range<Int>
    /// Whether they are a deflate stream; else they are the entry as it is.
    public let isDeflated: Bool
    /// How many bytes the entry should have when it is unpacked; nothing has checked that.
    public let size: Int
    /// The CRC-32 that it should have when it is unpacked.
    public let checksum: UInt32
  }

  /// The entries by name.
  public let entries: [String: Entry]

  /// Reads the directory of the archive in `file` and checks that each entry lies in it.
  ///
  /// - Parameters:
  ///   - file: the whole archive.
  ///   - takesDeflate: whether entries may be deflated; else all must be stored as they are.
  /// - Throws: `ZipFault`.
  public init(_ file: UnsafeRawBufferPointer, takesDeflate: Bool = false) throws(ZipFault) {
    let directory = try Self.findDirectory(file)
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
    // Closures over an array's bytes throw no errors of one type.
    let result = file.withUnsafeBytes { bytes in
      Result { () throws(ZipFault) in try ZipArchive(bytes, takesDeflate: takesDeflate) }
    }
    self = try result.get()
  }

  /// Where the directory lies, as the record at the end of the file says.
  private static func findDirectory(_ file: UnsafeRawBufferPointer) throws(ZipFault) -> Range<Int> {
    // The record has 22 bytes and then a comment of at most 65,535, whose length it gives.
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
    // Fields that do not fit stand in a larger record, which a locator before this one points to.
    if file.integer(end - 20, as: UInt32.self) == locator64Signature,
      let end64 = file.integer(end - 12, as: UInt64.self)
    {
      guard let end64 = Int(exactly: end64), file.integer(end64, as: UInt32.self) == end64Signature,
        let size64 = file.integer(end64 + 40, as: UInt64.self),
        let offset64 = file.integer(end64 + 48, as: UInt64.self)
      else { throw .badRecord(what: "zip64 end-of-directory record", offset: Int(truncatingIfNeeded: end64)) }
      (size, offset) = (size64, offset64)
    }
    return try range(file, "the zip directory", offset, size)
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

    // The entry's own record repeats the name, with another extra field; its bytes follow.
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

  /// The values of fields that, where all their bits are set, stand in the zip64 part of the extra field, in this order; nil
  /// if they are not there.
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

extension UnsafeRawBufferPointer {
  /// The bytes `offset ..< offset + count`, or nil if they do not all exist.
  fileprivate func slice(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else { return nil }
    return UnsafeRawBufferPointer(rebasing: self[offset..<offset + count])
  }

  /// The little-endian integer at `offset`, or nil if the file ends before.
  fileprivate func integer<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T? {
    slice(offset, MemoryLayout<T>.size).map { T(littleEndian: $0.loadUnaligned(as: type)) }
  }

  /// The text at `offset`, or nil if the file ends before; what is not UTF-8 is replaced.
  fileprivate func text(_ offset: Int, _ count: Int) -> String? {
    slice(offset, count).map { String(decoding: $0, as: UTF8.self) }
  }
}
