/// A file in a tar archive.
public struct TarEntry: Sendable, Equatable {
  /// Its name, with the folders it lies in. Bytes that are not UTF-8 are replaced.
  public let name: String
  /// Its bytes in the archive.
  public let place: Range<Int>
}

/// Why a tar archive cannot be read.
public enum TarFault: Error, Equatable, CustomStringConvertible {
  /// A header whose checksum or numbers are wrong, at this byte.
  case badHeader(offset: Int)
  /// The archive ends before the file does.
  case cut(entry: String)
  /// The archive ends without the zeros that mark its end.
  case noEnd

  /// The rest of a sentence.
  public var description: String {
    switch self {
    case .badHeader(let offset): "is no tar archive from byte \(offset) on; copy or write it again"
    case .noEnd: "is cut short: the end of the archive is missing; copy or write it again"
    case .cut(let entry): "ends in the middle of \(entry); copy or write it again"
    }
  }
}

/// The regular files in a tar archive (POSIX.1-1988, ustar), in order, with the long names of pax headers and of GNU's
/// records. Links and folders are passed over.
///
/// - Parameter archive: all its bytes.
/// - Throws: `TarFault`.
public func tarEntries(_ archive: UnsafeRawBufferPointer) throws(TarFault) -> [TarEntry] {
  var entries: [TarEntry] = []
  var offset = 0
  var longName: String?
  while let header = archive.slice(offset, tarBlock), header.contains(where: { $0 != 0 }) {
    let sum = header.enumerated().reduce(0) { $0 + (148..<156 ~= $1.offset ? 32 : Int($1.element)) }
    guard let size = octal(header[124..<136]), octal(header[148..<156]) == sum else { throw .badHeader(offset: offset) }
    func text(_ range: Range<Int>) -> String {
      String(decoding: header[range].prefix { $0 != 0 }, as: UTF8.self)
    }
    // GNU's archives have other fields where POSIX has a prefix.
    let isPOSIX = header[257..<263].elementsEqual(Array("ustar".utf8) + [0])
    let prefix = isPOSIX ? text(345..<500) : ""
    let name = prefix.isEmpty ? text(0..<100) : "\(prefix)/\(text(0..<100))"
    let begin = offset + tarBlock
    guard size <= archive.count - begin else { throw .cut(entry: name) }
    switch header[156] {
    case 0, UInt8(ascii: "0"):
      entries.append(TarEntry(name: longName ?? name, place: begin..<begin + size))
      longName = nil
    case UInt8(ascii: "L"): longName = String(decoding: archive[begin..<begin + size].prefix { $0 != 0 }, as: UTF8.self)
    case UInt8(ascii: "x"): longName = paxPath(archive[begin..<begin + size]) ?? longName
    default: longName = nil
    }
    offset = begin + (size + tarBlock - 1) / tarBlock * tarBlock
  }
  guard archive.slice(offset, tarBlock) != nil else { throw .noEnd }
  return entries
}

/// A number in octal digits, which a space or zero may end; nil if it is none.
private func octal(_ field: Slice<UnsafeRawBufferPointer>) -> Int? {
  let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
  return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 >= 0 ? $0 : nil }
}

/// The path that a pax header states for the next file, in records of `length key=value` and a line's end; nil if there
/// is none.
private func paxPath(_ header: Slice<UnsafeRawBufferPointer>) -> String? {
  var rest = header
  while let space = rest.firstIndex(of: UInt8(ascii: " ")),
    let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > 0, length <= rest.count
  {
    let record = String(decoding: rest.prefix(length).dropFirst(space - rest.startIndex + 1), as: UTF8.self)
    if record.hasPrefix("path="), record.hasSuffix("\n") { return String(record.dropFirst("path=".count).dropLast()) }
    rest = rest.dropFirst(length)
  }
  return nil
}
