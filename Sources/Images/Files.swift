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
  do {
    try writeAtomically(to: path) { write in try bytes.withUnsafeBytes { try write($0) } }
  } catch let error as ImageError {
    throw error
  } catch {
    // The closure throws nothing of its own, which the compiler cannot know.
    throw .file(path: path, action: "be written", reason: "\(error)")
  }
}

/// Writes a file that appears whole or not at all, piece by piece, for files that are too large to be held in memory.
///
/// - Parameter body: is called once, with a function that appends bytes to the file and throws `ImageError.file` where it
///   cannot; a failure of that function fails the whole, even if `body` goes on after it.
/// - Throws: `ImageError.file`, and what `body` throws; nothing is left behind.
public func writeAtomically(
  to path: String, _ body: (_ write: (UnsafeRawBufferPointer) throws(ImageError) -> Void) throws -> Void
) throws {
  let slash = path.lastIndex(of: "/")
  let folder = slash.map { String(path[...$0]) } ?? ""
  let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
  let temporary = "\(folder).\(name.prefix(60)).\(getpid()).tmp"
  let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
  guard file >= 0 else {
    let reason = errno == ENOENT ? "there is no folder \(folder); make it with mkdir -p \(folder)" : systemError()
    throw ImageError.file(path: path, action: "be written", reason: reason)
  }
  var failure: String?
  do {
    try body { (bytes: UnsafeRawBufferPointer) throws(ImageError) in
      // What follows a lost piece would stand in the wrong place.
      if failure == nil { failure = writeAll(bytes, to: file) }
      if let failure { throw .file(path: path, action: "be written", reason: failure) }
    }
  } catch {
    close(file)
    unlink(temporary)
    throw error
  }
  if failure == nil && fsync(file) != 0 && errno != EINVAL { failure = systemError() }
  if close(file) != 0 && failure == nil { failure = systemError() }
  if failure == nil && rename(temporary, path) != 0 {
    failure = errno == EISDIR ? "it is a folder; name a file in it" : systemError()
  }
  if let failure {
    unlink(temporary)
    throw ImageError.file(path: path, action: "be written", reason: failure)
  }
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

/// Nil, or why not all could be written.
private func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> String? {
  var offset = 0
  while offset < bytes.count {
    let count = write(file, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
    if count < 0 && errno == EINTR { continue }
    if count < 0 { return systemError() }
    offset += count
  }
  return nil
}

private func systemError() -> String { String(cString: strerror(errno)) }
