/// Writes a zip archive of stored entries (APPNOTE.TXT 6.3.10, §4.3), entry by entry, without holding their contents in
/// memory. Dates are fixed, so that the same entries give the same bytes. Sizes beyond 4 GiB are written as zip64.
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

  /// An empty archive in `file`, which must be empty.
  public init(_ file: File) { self.file = file }

  /// Begins an entry of `size` bytes, which must be appended before the next entry begins.
  ///
  /// - Parameters:
  ///   - name: the entry's name.
  ///   - size: its size in bytes.
  ///   - alignment: its bytes begin at a multiple of this in the file.
  /// - Throws: what `file` throws.
  public func begin(_ name: String, size: Int, alignment: Int = 1) throws(File.Failure) {
    let entry = Entry(name: Array(name.utf8), size: size, offset: length)
    var extra = size >= UInt32.max ? zip64([size, size]) : []
    if alignment > 1 { extra += padding(to: alignment, from: length + 30 + entry.name.count + extra.count) }
    // The checksum is written at the end of the entry.
    try append(
      littleEndianBytes(0x0403_4B50 as UInt32), common(entry, isZip64: size >= UInt32.max, extra: extra.count),
      entry.name, extra)
    entries.append(entry)
  }

  /// Appends bytes to the current entry.
  ///
  /// - Throws: what `file` throws.
  public func append(entry bytes: UnsafeRawBufferPointer) throws(File.Failure) {
    entries[entries.count - 1].checksum.update(bytes)
    try file.append(bytes)
    try count(bytes.count)
  }

  /// Appends bytes to the current entry.
  ///
  /// - Throws: what `file` throws.
  public func append(entry bytes: [UInt8]) throws(File.Failure) {
    entries[entries.count - 1].checksum.update(bytes)
    try file.append(bytes)
    try count(bytes.count)
  }

  /// Counts bytes appended to the current entry, and writes its checksum when it is complete.
  private func count(_ bytes: Int) throws(File.Failure) {
    length += bytes
    let last = entries.count - 1
    entries[last].written += bytes
    precondition(entries[last].written <= entries[last].size, "an entry has more bytes than it was begun with")
    if entries[last].written == entries[last].size {
      // After the signature, version, flags, method, time and date.
      try file.overwrite(at: entries[last].offset + 14, littleEndianBytes(entries[last].checksum.value))
    }
  }

  /// Completes the archive with its directory.
  ///
  /// - Parameter comment: the archive's comment, at most 65,535 bytes.
  /// - Throws: what `file` throws.
  public func finish(comment: [UInt8] = []) throws(File.Failure) {
    let begin = length
    for entry in entries {
      precondition(entry.written == entry.size, "an entry has fewer bytes than it was begun with")
      var wide: [Int] = []
      if entry.size >= UInt32.max { wide += [entry.size, entry.size] }
      if entry.offset >= UInt32.max { wide.append(entry.offset) }
      let extra = wide.isEmpty ? [] : zip64(wide)
      try append(
        littleEndianBytes(0x0201_4B50 as UInt32), littleEndianBytes((wide.isEmpty ? 20 : 45) as UInt16),
        common(entry, isZip64: !wide.isEmpty, extra: extra.count),
        // No comment, first disk, no attributes.
        [UInt8](repeating: 0, count: 10), narrow(entry.offset), entry.name, extra)
    }
    let size = length - begin
    if begin >= UInt32.max || size >= UInt32.max || entries.count >= UInt16.max {
      let end = length
      let count = littleEndianBytes(UInt64(entries.count))
      try append(
        littleEndianBytes(0x0606_4B50 as UInt32), littleEndianBytes(44 as UInt64), [45, 0, 45, 0],
        [UInt8](repeating: 0, count: 8), count, count, littleEndianBytes(UInt64(size)),
        littleEndianBytes(UInt64(begin)))
      try append(
        littleEndianBytes(0x0706_4B50 as UInt32), [0, 0, 0, 0], littleEndianBytes(UInt64(end)), [1, 0, 0, 0])
    }
    let count = littleEndianBytes(UInt16(exactly: entries.count) ?? .max)
    try append(
      littleEndianBytes(0x0605_4B50 as UInt32), [0, 0, 0, 0], count, count, narrow(size), narrow(begin),
      littleEndianBytes(UInt16(comment.count)), comment)
  }

  /// Appends a record of fields. (Joining them with + makes expressions that are slow to type-check.)
  private func append(_ fields: [UInt8]...) throws(File.Failure) {
    let bytes = Array(fields.joined())
    try file.append(bytes)
    length += bytes.count
  }

  /// The common part of an entry's local and directory records: version 2.0 (4.5 for zip64), no flags, stored, 1
  /// January 1980, checksum, sizes, lengths of name and extra field.
  private func common(_ entry: Entry, isZip64: Bool, extra: Int) -> [UInt8] {
    let fields: [[UInt8]] = [
      littleEndianBytes((isZip64 ? 45 : 20) as UInt16), [0, 0, 0, 0, 0, 0], littleEndianBytes(0x21 as UInt16),
      littleEndianBytes(entry.checksum.value), narrow(entry.size), narrow(entry.size),
      littleEndianBytes(UInt16(entry.name.count)), littleEndianBytes(UInt16(extra)),
    ]
    return Array(fields.joined())
  }

  /// A number in four bytes; all bits are set if it is in a zip64 field instead.
  private func narrow(_ number: Int) -> [UInt8] { littleEndianBytes(UInt32(exactly: number) ?? .max) }

  private func zip64(_ numbers: [Int]) -> [UInt8] {
    [1, 0] + littleEndianBytes(UInt16(8 * numbers.count)) + numbers.flatMap { littleEndianBytes(UInt64($0)) }
  }

  /// An extra field that, beginning at `offset`, ends at a multiple of `alignment`: of type FB and filled with Z, as in
  /// PyTorch.
  private func padding(to alignment: Int, from offset: Int) -> [UInt8] {
    let head = 4
    let count = (alignment - (offset + head) % alignment) % alignment
    return Array("FB".utf8) + littleEndianBytes(UInt16(count)) + [UInt8](repeating: UInt8(ascii: "Z"), count: count)
  }
}
