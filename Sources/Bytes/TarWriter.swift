/// Bytes in front of each file, whose own are filled up to a multiple of as many.
public let tarBlock = 512

/// Writes a tar archive (POSIX.1-1988, ustar) file by file. Owner, mode and date are fixed, so that the same files give
/// the same bytes.
public struct TarWriter<File: GrowingFile> {
  private let file: File
  private let block = tarBlock

  /// An empty archive in `file`, which must be empty.
  public init(_ file: File) { self.file = file }

  /// Appends a file.
  ///
  /// - Parameters:
  ///   - name: ASCII, at most 100 bytes.
  ///   - bytes: the file's contents.
  /// - Throws: what `file` throws.
  public func append(_ name: String, _ bytes: [UInt8]) throws(File.Failure) {
    precondition(name.utf8.count <= 100, "\(name) is too long for a tar archive")
    func field(_ text: String, _ width: Int) -> [UInt8] {
      Array(text.utf8) + [UInt8](repeating: 0, count: width - text.utf8.count)
    }
    func octal(_ number: Int, _ width: Int) -> [UInt8] {
      let digits = String(number, radix: 8)
      return field(String(repeating: "0", count: width - 1 - digits.count) + digits, width)
    }
    // Name, mode, owner, group, size, time.
    let front =
      field(name, 100) + octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(bytes.count, 12) + octal(0, 12)
    // Regular file, no link, magic and version, names of owner and group, no devices, no prefix.
    let back =
      Array("0".utf8) + field("", 100) + field("ustar", 6) + Array("00".utf8) + field("root", 32) + field("root", 32)
      + octal(0, 8) + octal(0, 8) + field("", 155 + 12)
    // The checksum counts itself as spaces.
    let sum = (front + back).reduce(8 * Int(UInt8(ascii: " "))) { $0 + Int($1) }
    let checksum = octal(sum, 7) + Array(" ".utf8)
    try file.append(front + checksum + back)
    try file.append(bytes + [UInt8](repeating: 0, count: (block - bytes.count % block) % block))
  }

  /// The length of a file, if `head` is that of one called `name`; nil if it is not. As many bytes follow, filled up to
  /// whole blocks.
  ///
  /// - Parameters:
  ///   - name: the name of the file.
  ///   - head: `tarBlock` bytes.
  public static func fileSize(of name: String, head: some Collection<UInt8>) -> Int? {
    let digits = head.dropFirst(124).prefix(11)
    guard head.prefix(101).prefix(while: { $0 != 0 }).elementsEqual(name.utf8),
      digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "7") ~= $0 }),
      let size = Int(String(decoding: digits, as: UTF8.self), radix: 8)
    else { return nil }
    return size
  }

  /// The length of a file of `size` bytes with what is in front of it and behind it.
  public static func entrySize(_ size: Int) -> Int { tarBlock + (size + tarBlock - 1) / tarBlock * tarBlock }

  /// Completes the archive with two blocks of zeros.
  ///
  /// - Throws: what `file` throws.
  public func finish() throws(File.Failure) {
    try file.append([UInt8](repeating: 0, count: 2 * block))
  }
}
