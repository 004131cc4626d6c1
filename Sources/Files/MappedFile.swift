import DiffusionBytes
import DiffusionPlatform

/// The bytes of a file, mapped into memory, so that only what is accessed is read. Every access is bounds-checked.
///
/// Unchecked: the bytes never change (the mapping is private and read-only).
public final class MappedFile: @unchecked Sendable {
  /// The name in error messages.
  public let name: String
  private let buffer: UnsafeRawBufferPointer
  private let memory: Memory

  /// Whose the bytes are.
  private enum Memory { case mapped, allocated, unowned }

  /// The number of bytes.
  public var count: Int { buffer.count }

  /// Maps the file at `path`.
  ///
  /// - Throws: `FileError` if it is not a regular, non-empty file, or the system refuses.
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
    memory = .mapped
  }

  /// A "file" of bytes in static memory.
  public init(static bytes: UnsafeRawBufferPointer, name: String) {
    self.name = name
    buffer = bytes
    memory = .unowned
  }

  /// A "file" that holds one number in the machine's byte order.
  public convenience init(holding value: Float, name: String) {
    self.init(name: name, count: MemoryLayout<Float>.size) { $0.storeBytes(of: value, as: Float.self) }
  }

  /// A "file" of `count` bytes of memory, aligned as a mapped one's are for vectors, all of which `fill` sets.
  public init(name: String, count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    self.name = name
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    buffer = UnsafeRawBufferPointer(bytes)
    memory = .allocated
    try fill(bytes)
  }

  deinit {
    switch memory {
    case .mapped: munmap(UnsafeMutableRawPointer(mutating: buffer.baseAddress), buffer.count)
    case .allocated: buffer.deallocate()
    case .unowned: break
    }
  }

  /// Smaller ranges are not worth a system call, nor pages of their own.
  public static let largeRange = 1 << 20

  /// Lets the system reclaim the pages within `range` until they are accessed again: contents that have been copied or
  /// packed elsewhere would otherwise count twice in the process's memory. No effect on small ranges.
  public func release(_ range: Range<Int>) {
    guard memory == .mapped, range.count >= Self.largeRange,
      let bytes = slice(range.lowerBound, range.count)?.baseAddress
    else { return }
    let page = sysconf(Int32(_SC_PAGESIZE))
    // Only whole pages: those at the ends hold other bytes too. The mapping begins on a page boundary.
    let first = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard first < end else { return }
    madvise(UnsafeMutableRawPointer(mutating: bytes + (first - range.lowerBound)), end - first, MADV_DONTNEED)
  }

  /// The bytes `offset ..< offset + count`, or nil if they are not all there.
  public func slice(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer? { buffer.slice(offset, count) }

  /// The little-endian integer at `offset`, or nil if the file ends before it does.
  public func integer<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T? { buffer.integer(offset, as: type) }

  /// The text at `offset`, or nil if the file ends before it does. Bytes that are not UTF-8 are replaced.
  public func text(_ offset: Int, _ count: Int) -> String? { buffer.text(offset, count) }
}
