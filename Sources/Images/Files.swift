#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Writes a file that appears whole or not at all: into a temporary file in the same folder, which is then renamed.
///
/// - Throws: `ImageError.file`; nothing is left behind.
public func writeAtomically(_ bytes: [UInt8], to path: String) throws(ImageError) {
  let file = try AtomicFile(path: path)
  try file.append(bytes)
  try file.finish()
}

/// Writes a file that appears whole or not at all, piece by piece, for files that are too large to be held in memory.
///
/// - Parameter body: is called once, with a function that appends bytes to the file and throws `ImageError.file` where it
///   cannot; a failure of that function fails the whole, even if `body` goes on after it.
/// - Throws: `ImageError.file`, and what `body` throws; nothing is left behind.
public func writeAtomically(
  to path: String, _ body: (_ write: (UnsafeRawBufferPointer) throws(ImageError) -> Void) throws -> Void
) throws {
  let file = try AtomicFile(path: path)
  try body { (bytes: UnsafeRawBufferPointer) throws(ImageError) in try file.append(bytes) }
  try file.finish()
}

/// Writes to standard output.
///
/// - Throws: `ImageError.file`, also where the reader of a pipe has gone; the caller must have set SIGPIPE to be ignored.
public func writeToStandardOutput(_ bytes: [UInt8]) throws(ImageError) {
  if let failure = bytes.withUnsafeBytes({ writeAll($0, to: STDOUT_FILENO) }) {
    throw .file(path: "standard output", action: "be written", reason: failure)
  }
}

/// Reads a whole file.
///
/// - Throws: `ImageError.file`.
public func readFile(_ path: String) throws(ImageError) -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw .file(path: path, action: "be read", reason: systemError()) }
  defer { close(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(file, &buffer, buffer.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw .file(path: path, action: "be read", reason: systemError()) }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
  }
}

/// What is at a path.
public enum PathKind: Sendable {
  /// Nothing, or nothing that can be seen.
  case nothing
  /// A folder.
  case folder
  /// A file, or something like one.
  case file
}

/// What is at `path`.
public func kind(ofPath path: String) -> PathKind {
  var status = stat()
  guard stat(path, &status) == 0 else { return .nothing }
  return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
}

/// The names of what lies in a folder, those that begin with a dot left out, sorted by their bytes.
///
/// - Throws: `ImageError.file`.
public func namesInFolder(_ path: String) throws(ImageError) -> [String] {
  guard let directory = opendir(path) else { throw .file(path: path, action: "be read", reason: systemError()) }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
    }
    if !name.hasPrefix(".") { names.append(name) }
  }
  // Two names that only Unicode takes for the same stay in one order, too.
  return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// Makes a folder, unless it is there already; the one around it must be.
///
/// - Throws: `ImageError.file`.
public func makeFolder(_ path: String) throws(ImageError) {
  if mkdir(path, 0o777) != 0 && !(errno == EEXIST && kind(ofPath: path) == .folder) {
    throw .file(path: path, action: "be made", reason: systemError())
  }
}

/// Nil, or why not all could be written.
func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> String? {
  var offset = 0
  while offset < bytes.count {
    let count = write(file, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
    if count < 0 && errno == EINTR { continue }
    if count < 0 { return systemError() }
    offset += count
  }
  return nil
}

func systemError() -> String { String(cString: strerror(errno)) }
