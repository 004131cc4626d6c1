import DiffusionPlatform

/// A file that grows at its end and can be read meanwhile: what is added is with the system when the call returns.
public final class AppendedFile {
  private let path: String
  private let descriptor: Int32

  /// Opens the file at `path`, or begins it.
  ///
  /// - Throws: `FileError`.
  public init(path: String) throws(FileError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .refused(path: path, action: "be written", reason: systemError()) }
  }

  deinit { close(descriptor) }

  /// Adds bytes; all of them or, where the system lets what it has taken be taken back, none.
  ///
  /// - Throws: `FileError`.
  public func append(_ bytes: [UInt8]) throws(FileError) {
    guard let failure = bytes.withUnsafeBytes({ writeAll($0, to: descriptor) }) else { return }
    // What there was room for is taken back, unless another process has added something behind it.
    let end = lseek(descriptor, 0, SEEK_CUR)
    if failure.written > 0 && lseek(descriptor, 0, SEEK_END) == end {
      ftruncate(descriptor, end - off_t(failure.written))
    }
    throw .refused(path: path, action: "be written", reason: failure.reason)
  }
}
