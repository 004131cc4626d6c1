#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that grows at its end and can be read meanwhile: what is added is with the system when the call returns.
public final class AppendedFile {
  private let path: String
  private let descriptor: Int32

  /// Opens the file at `path`, or begins it.
  ///
  /// - Throws: `ImageError.file`.
  public init(path: String) throws(ImageError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .file(path: path, action: "be written", reason: systemError()) }
  }

  deinit { close(descriptor) }

  /// Adds bytes.
  ///
  /// - Throws: `ImageError.file`; some of the bytes may have been added then.
  public func append(_ bytes: [UInt8]) throws(ImageError) {
    if let failure = bytes.withUnsafeBytes({ writeAll($0, to: descriptor) }) {
      throw .file(path: path, action: "be written", reason: failure)
    }
  }
}
