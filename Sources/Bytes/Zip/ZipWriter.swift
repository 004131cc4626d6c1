/// A zip archive of stored entries (APPNOTE.TXT 6.3.10, §4.3) that grows entry by entry, from the beginning of a file on; what is
/// in it is not held. The dates in it are fixed, so that the same entries give the same bytes. Sizes beyond 4 GiB are written as
/// zip64.
public final class ZipWriter<File: GrowingFile> {
  private let file: File
  private var length = 0
  private var entries: [Entry] = []

  private struct Entry {
    let name: [UInt8]
    let size: Int
    let offset: Int
    var checksum = CRC32()
    var written = 0
  }

  /// An archive without entries yet, in `file`, which has no bytes yet.
  public init(_ file: File) { self.file = file }

  /// Begins an entry of `size` bytes, which are to be appended before the next one begins.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - size: how many bytes it has.
  ///   - alignment: what the place of its bytes in the file is to be a multiple of.
  /// - Throws: what the file throws.
  public func begin(_ name: String, size: Int, alignment: Int = 1) throws(File.Failure) {
    let entry = Entry(name: Array(name.utf8), size: size, offset: length)
    var extra = size >= UInt32.max ? zip64([size, size]) : []
    if alignment > 1 { extra += padding(to: alignment, from: length + 30 + entry.name.count + extra.count) }
    // The checksum is known at the entry's end.
    try append(
      littleEndianBytes(0x0403_4B50 as UInt32) + common(entry, isZip64: size >= UInt32.max, extra: extra.count)
        + entry.name + extra)
    entries.append(entry)
  }

  /// Adds bytes to the entry that was begun last.
  ///
  /// - Throws: what the file throws.
  public func append(entry bytes: UnsafeRawBufferPointer) throws(File.Failure) {
    entries[entries.count - 1].checksum.update(bytes)
    try file.append(bytes)
    try count(bytes.count)
  }

  /// Adds bytes to the entry that was begun last.
  ///
  /// - Throws: what the file throws.
  public func append(entry bytes: [UInt8]) throws(File.Failure) {
    entries[entries.count - 1].checksum.update(bytes)
    try file.append(bytes)
    try count(bytes.count)
  }

  /// Takes note of bytes that the last entry has got.
  private func count(_ bytes: Int) throws(File.Failure) {
    length += bytes
    let last = entries.count - 1
    entries[last].written += bytes
    precondition(entries[last].written <= entries[last].size, "an entry has more bytes than it was begun with")
    if entries[last].written == entries[last].size {
      // Behind the signature, version, flags, method, time and date.
      try file.overwrite(at: entries[last].offset + 14, littleEndianBytes(entries[last].checksum.value))
    }
  }

  /// Writes the directory, with which the archive is complete.
  ///
  /// - Throws: what the file throws.
  public func finish() throws(File.Failure) {
    let begin = length
    for entry in entries {
      precondition(entry.written == entry.size, "an entry has fewer bytes than it was begun with")
      var wide: [Int] = []
      if entry.size >= UInt32.max { wide += [entry.size, entry.size] }
      if entry.offset >= UInt32.max { wide.append(entry.offset) }
      let extra = wide.isEmpty ? [] : zip64(wide)
      try append(
        littleEndianBytes(0x0201_4B50 as UInt32) + littleEndianBytes((wide.isEmpty ? 20 : 45) as UInt16)
          + common(entry, isZip64: !wide.isEmpty, extra: extra.count)
          // No comment, first disk, no attributes.
          + [UInt8](repeating: 0, count: 10) + narrow(entry.offset) + entry.name + extra)
    }
    let size = length - begin
    if begin >= UInt32.max || size >= UInt32.max || entries.count >= UInt16.max {
      let end = length
      let counts = littleEndianBytes(UInt64(entries.count)) + littleEndianBytes(UInt64(entries.count))
      try append(
        littleEndianBytes(0x0606_4B50 as UInt32) + littleEndianBytes(44 as UInt64) + [45, 0, 45, 0]
          + [UInt8](repeating: 0, count: 8) + counts + littleEndianBytes(UInt64(size))
          + littleEndianBytes(UInt64(begin)))
      try append(
        littleEndianBytes(0x0706_4B50 as UInt32) + [0, 0, 0, 0] + littleEndianBytes(UInt64(end)) + [1, 0, 0, 0])
    }
    let count = littleEndianBytes(UInt16(exactly: entries.count) ?? .max)
    try append(
      littleEndianBytes(0x0605_4B50 as UInt32) + [0, 0, 0, 0] + count + count + narrow(size) + narrow(begin) + [0, 0])
  }

  private func append(_ bytes: [UInt8]) throws(File.Failure) {
    try file.append(bytes)
    length += bytes.count
  }

  /// What an entry's own record and its directory record have in common: version 2.0 (4.5 for zip64), no flags, stored, 1 January
  /// 1980, checksum, sizes, lengths of name and extra field.
  private func common(_ entry: Entry, isZip64: Bool, extra: Int) -> [UInt8] {
    littleEndianBytes((isZip64 ? 45 : 20) as UInt16) + [0, 0, 0, 0, 0, 0] + littleEndianBytes(0x21 as UInt16)
      + littleEndianBytes(entry.checksum.value) + narrow(entry.size) + narrow(entry.size)
      + littleEndianBytes(UInt16(entry.name.count)) + littleEndianBytes(UInt16(extra))
  }

  /// A number of four bytes; all ones where it stands in a zip64 field.
  private func narrow(_ number: Int) -> [UInt8] { littleEndianBytes(UInt32(exactly: number) ?? .max) }

  private func zip64(_ numbers: [Int]) -> [UInt8] {
    [1, 0] + littleEndianBytes(UInt16(8 * numbers.count)) + numbers.flatMap { littleEndianBytes(UInt64($0)) }
  }

  /// An extra field behind which, if it begins at `offset`, there is a multiple of `alignment`: of the kind FB and filled with Z,
  /// as PyTorch pads.
  private func padding(to alignment: Int, from offset: Int) -> [UInt8] {
    let head = 4
    let count = (alignment - (offset + head) % alignment) % alignment
    return Array("FB".utf8) + littleEndianBytes(UInt16(count)) + [UInt8](repeating: UInt8(ascii: "Z"), count: count)
  }
}
