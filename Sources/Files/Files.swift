import DiffusionPlatform

/// Writes a file that appears whole or not at all: a temporary file in the same folder, which is then renamed.
///
/// - Throws: `FileError`; nothing is left behind.
public func writeAtomically(_ bytes: [UInt8], to path: String) throws(FileError) {
  let file = try AtomicFile(path: path)
  try file.append(bytes)
  try file.finish()
}

/// Writes a file that appears whole or not at all, piece by piece, for files that are too large for memory.
///
/// - Parameters:
///   - path: the file's path.
///   - body: called once, with a function that appends bytes to the file and throws `FileError` if it cannot. If that
///     function fails, the file is not written, even if `body` ignores the error.
/// - Throws: `FileError`, and what `body` throws; nothing is left behind.
public func writeAtomically(
  to path: String, _ body: (_ write: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws -> Void
) throws {
  let file = try AtomicFile(path: path)
  try body { (bytes: UnsafeRawBufferPointer) throws(FileError) in try file.append(bytes) }
  try file.finish()
}

/// Reads a whole file, or the output of a pipe or device up to `pipeLimit` bytes, since it may be endless.
///
/// - Throws: `FileError`.
public func readFile(_ path: String, pipeLimit: Int = 1 << 30) throws(FileError) -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw .refused(path: path, action: "be read", reason: systemError()) }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0 else { throw .refused(path: path, action: "be read", reason: systemError()) }
  let limit = status.st_mode & S_IFMT == S_IFREG ? Int.max : pipeLimit
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(file, &buffer, buffer.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw .refused(path: path, action: "be read", reason: systemError()) }
    if count == 0 { return bytes }
    guard count <= limit - bytes.count else {
      throw .refused(
        path: path, action: "be read", reason: "more than \(limit) bytes come out of it; write them to a file first")
    }
    bytes += buffer[..<count]
  }
}

/// The kind of thing at a path.
public enum PathKind: Sendable {
  /// Nothing exists there.
  case nothing
  /// A folder.
  case folder
  /// Anything else, for instance a regular file.
  case file
}

/// The kind of thing at `path`.
///
/// - Throws: `FileError` if the system does not tell: something that exists but is inaccessible must not count as
///   nothing.
public func kind(ofPath path: String) throws(FileError) -> PathKind {
  var status = stat()
  if stat(path, &status) != 0 {
    if errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG { return .nothing }
    throw .refused(path: path, action: "be read", reason: systemError())
  }
  return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
}

/// The names in a folder, without those that begin with a dot, sorted by their bytes.
///
/// - Throws: `FileError`.
public func namesInFolder(_ path: String) throws(FileError) -> [String] {
  guard let directory = opendir(path) else { throw .refused(path: path, action: "be read", reason: systemError()) }
  defer { closedir(directory) }
  var names: [String] = []
  // nil is the end if `errno` stays 0, and otherwise an error.
  errno = 0
  while let entry = readdir(directory) {
    let name = fileName(entry)
    if !name.hasPrefix(".") { names.append(name) }
    errno = 0
  }
  if errno != 0 { throw .refused(path: path, action: "be read", reason: systemError()) }
  // By bytes, so that names that are equal in Unicode have a fixed order too.
  return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// The name of a directory entry.
func fileName(_ entry: UnsafeMutablePointer<dirent>) -> String {
  withUnsafePointer(to: &entry.pointee.d_name) { pointer in
    String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
  }
}

/// Creates a folder, unless it exists. Its parent must exist.
///
/// - Throws: `FileError`.
public func makeFolder(_ path: String) throws(FileError) {
  if mkdir(path, 0o777) == 0 { return }
  let error = errno
  if error == EEXIST {
    if try kind(ofPath: path) == .folder { return }
    throw .refused(path: path, action: "be made", reason: "a file is there, not a folder")
  }
  throw .refused(path: path, action: "be made", reason: String(cString: strerror(error)))
}

/// Removes a file, unless it is gone already.
///
/// - Throws: `FileError`.
public func removeFile(_ path: String) throws(FileError) {
  if unlink(path) != 0 && errno != ENOENT {
    throw .refused(path: path, action: "be removed", reason: systemError())
  }
}

/// The size of a file in bytes; nil if it cannot be told.
public func fileSize(_ path: String) -> Int? {
  var status = stat()
  return stat(path, &status) == 0 ? Int(status.st_size) : nil
}

/// Why a write was incomplete, and how much was written.
public struct WriteFailure {
  /// The system's message.
  public let reason: String
  /// The number of bytes written.
  public let written: Int
}

/// Writes all bytes at the file's current position, or at `place`; nil on success.
public func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32, at place: Int? = nil) -> WriteFailure? {
  var offset = 0
  while offset < bytes.count {
    let (rest, size) = (bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
    let count = place.map { pwrite(file, rest, size, off_t($0 + offset)) } ?? write(file, rest, size)
    if count < 0 && errno == EINTR { continue }
    if count < 0 { return WriteFailure(reason: systemError(), written: offset) }
    offset += count
  }
  return nil
}

/// The system's message for the last error.
func systemError() -> String { String(cString: strerror(errno)) }
