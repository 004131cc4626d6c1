import DiffusionPlatform

/// A file that is appended to and can be read meanwhile: bytes are with the system when the call returns.
public final class AppendedFile {
  private let path: String
  private let descriptor: Int32

  /// Opens or creates the file at `path`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - replacing: whether to empty it first.
  /// - Throws: `FileError`.
  public init(path: String, replacing: Bool = false) throws(FileError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (replacing ? O_TRUNC : 0), 0o666)
    guard descriptor >= 0 else { throw .refused(path: path, action: "be written", reason: systemError()) }
  }

  deinit { close(descriptor) }

  /// Appends bytes: all of them or, if the system allows a partial write to be undone, none.
  ///
  /// - Throws: `FileError`.
  public func append(_ bytes: [UInt8]) throws(FileError) {
    guard let failure = bytes.withUnsafeBytes({ writeAll($0, to: descriptor) }) else { return }
    // Undoes a partial write, unless another process has appended something after it.
    let end = lseek(descriptor, 0, SEEK_CUR)
    if failure.written > 0 && lseek(descriptor, 0, SEEK_END) == end {
      ftruncate(descriptor, end - off_t(failure.written))
    }
    throw .refused(path: path, action: "be written", reason: failure.reason)
  }
}
