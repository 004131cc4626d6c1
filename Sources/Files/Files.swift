import DiffusionPlatform

/// Writes a file that appears whole or not at all: into a temporary file in the same folder, which is then renamed.
///
/// - Throws: `FileError`; nothing is left behind.
public func writeAtomically(_ bytes: [UInt8], to path: String) throws(FileError) {
  let file = try AtomicFile(path: path)
  try file.append(bytes)
  try file.finish()
}

/// Writes a file that appears whole or not at all, piece by piece, for files that are too large to be held in memory.
///
/// - Parameters:
///   - path: the file's name.
///   - body: is called once, with a function that appends bytes to the file and throws `FileError` where it
///     cannot; a failure of that function fails the whole, even if `body` goes on after it.
/// - Throws: `FileError`, and what `body` throws; nothing is left behind.
public func writeAtomically(
  to path: String, _ body: (_ write: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws -> Void
) throws {
  let file = try AtomicFile(path: path)
  try body { (bytes: UnsafeRawBufferPointer) throws(FileError) in try file.append(bytes) }
  try file.finish()
}

/// Reads a whole file, or what comes out of a pipe or a device, if that is no more than `pipeLimit` bytes: they may be without end.
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

/// What is at a path.
public enum PathKind: Sendable {
  /// Nothing.
  case nothing
  /// A folder.
  case folder
  /// A file, or something like one.
  case file
}

/// What is at `path`.
///
/// - Throws: `FileError` where the system does not say: what is there and cannot be seen must not be taken for nothing.
public func kind(ofPath path: String) throws(FileError) -> PathKind {
  var status = stat()
  if stat(path, &status) != 0 {
    if errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG { return .nothing }
    throw .refused(path: path, action: "be read", reason: systemError())
  }
  return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
}

/// The names of what lies in a folder, those that begin with a dot left out, sorted by their bytes.
///
/// - Throws: `FileError`.
public func namesInFolder(_ path: String) throws(FileError) -> [String] {
  guard let directory = opendir(path) else { throw .refused(path: path, action: "be read", reason: systemError()) }
  defer { closedir(directory) }
  var names: [String] = []
  // At the end there is no error.
  errno = 0
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
    }
    if !name.hasPrefix(".") { names.append(name) }
    errno = 0
  }
  if errno != 0 { throw .refused(path: path, action: "be read", reason: systemError()) }
  // Two names that only Unicode takes for the same stay in one order, too.
  return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// Makes a folder, unless it is there already; the one around it must be.
///
/// - Throws: `FileError`.
public func makeFolder(_ path: String) throws(FileError) {
  if mkdir(path, 0o777) == 0 { return }
  let error = errno
  if error == EEXIST, try kind(ofPath: path) == .folder { return }
  throw .refused(path: path, action: "be made", reason: String(cString: strerror(error)))
}

/// Why not all could be written, and how much was.
public struct WriteFailure {
  /// The system's word.
  public let reason: String
  /// Bytes.
  public let written: Int
}

/// Writes where the file's last piece ended, or at `place`.
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

/// The system's word for what the last call could not do.
func systemError() -> String { String(cString: strerror(errno)) }
