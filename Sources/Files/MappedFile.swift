import DiffusionPlatform

/// The bytes of a file, mapped into memory: what is not looked at is not read. Every access is checked.
///
/// Unchecked: the bytes never change (the mapping is private and read-only).
public final class MappedFile: @unchecked Sendable {
  /// What error messages call it.
  public let name: String
  private let buffer: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// How many there are.
  public var count: Int { buffer.count }

  /// Maps the file at `path`.
  ///
  /// - Throws: `FileError` if it is not a regular file with something in it, or the system refuses.
  public init(path: String) throws(FileError) {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw .refused(path: path, action: "be read", reason: systemError()) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else {
      throw .refused(path: path, action: "be read", reason: systemError())
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .folder(path: path)
    default: throw .notRegular(path: path)
    }
    let size = Int(status.st_size)
    guard size > 0 else { throw .empty(path: path) }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), address != MAP_FAILED else {
      throw .refused(path: path, action: "be read", reason: systemError())
    }
    name = path
    buffer = UnsafeRawBufferPointer(start: address, count: size)
    isMapped = true
  }

  /// Bytes in static memory, which outlive the program's use of them.
  public init(static bytes: UnsafeRawBufferPointer, name: String) {
    self.name = name
    buffer = bytes
    isMapped = false
  }

  deinit {
    if isMapped { munmap(UnsafeMutableRawPointer(mutating: buffer.baseAddress), buffer.count) }
  }

  /// Smaller ranges than this are not worth a call to the system, nor a page of their own in memory.
  public static let largeRange = 1 << 20

  /// Lets the system take the pages within `range` from this process until they are looked at again. What has been copied or
  /// packed elsewhere would else count twice in the memory that the process uses. Without effect on small ranges.
  public func release(_ range: Range<Int>) {
    guard isMapped, range.count >= Self.largeRange, let bytes = slice(range.lowerBound, range.count)?.baseAddress
    else { return }
    let page = sysconf(Int32(_SC_PAGESIZE))
    // Whole pages only: the ones at the ends hold other bytes too. The mapping begins with a page.
    let first = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard first < end else { return }
    madvise(UnsafeMutableRawPointer(mutating: bytes + (first - range.lowerBound)), end - first, MADV_DONTNEED)
  }

  /// The bytes `offset ..< offset + count`, or nil if they do not all exist.
  public func slice(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer? {
    guard offset >= 0, count >= 0, offset <= buffer.count, count <= buffer.count - offset else { return nil }
    return UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count])
  }

  /// The little-endian integer at `offset`, or nil if the file ends before.
  public func integer<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T? {
    slice(offset, MemoryLayout<T>.size).map { T(littleEndian: $0.loadUnaligned(as: type)) }
  }

  /// The text at `offset`, or nil if the file ends before; what is not UTF-8 is replaced.
  public func text(_ offset: Int, _ count: Int) -> String? {
    slice(offset, count).map { String(decoding: $0, as: UTF8.self) }
  }
}
