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

  /// The rest of a sentence.
  public var description: String {
    switch self {
    case .badHeader(let offset): "is no tar archive from byte \(offset) on; copy or write it again"
    case .cut(let entry): "ends in the middle of \(entry); copy or write it again"
    }
  }
}

/// The regular files in a tar archive (POSIX.1-1988, ustar), in order. Links, folders and the records of other formats
/// (pax headers, GNU's long names) are passed over.
///
/// - Parameter archive: all its bytes.
/// - Throws: `TarFault`.
public func tarEntries(_ archive: UnsafeRawBufferPointer) throws(TarFault) -> [TarEntry] {
  var entries: [TarEntry] = []
  var offset = 0
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
    if header[156] == UInt8(ascii: "0") || header[156] == 0 {
      entries.append(TarEntry(name: name, place: begin..<begin + size))
    }
    offset = begin + (size + tarBlock - 1) / tarBlock * tarBlock
  }
  return entries
}

/// A number in octal digits, which a space or zero may end; nil if it is none.
private func octal(_ field: Slice<UnsafeRawBufferPointer>) -> Int? {
  let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
  return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 >= 0 ? $0 : nil }
}
