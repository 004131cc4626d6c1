import DiffusionBytes
import DiffusionPlatform

/// A file that grows under another name in its folder, and appears under its own when it is finished: whole or not at all. The
/// temporary file goes away with the value if it is not.
public final class AtomicFile: GrowingFile {
  private let path: String
  private let temporary: String
  private var descriptor: Int32
  /// What went wrong first; nothing is written behind a lost piece.
  private var failure: String?

  /// Begins the file that will be at `path`.
  ///
  /// - Throws: `FileError`.
  public init(path: String) throws(FileError) {
    self.path = path
    let (folder, name) = Self.parts(path)
    temporary = "\(folder).\(name.prefix(60)).\(Self.host)-\(getpid()).tmp"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw .refused(path: path, action: "be written", reason: Self.folderIsGone(folder) ?? systemError())
    }
  }

  deinit { discard() }

  /// Adds bytes.
  ///
  /// - Throws: `FileError`, also for any call after one that failed.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    if failure == nil { failure = writeAll(bytes, to: descriptor)?.reason }
    try check()
  }

  /// Adds bytes.
  ///
  /// - Throws: `FileError`.
  public func append(_ bytes: [UInt8]) throws(FileError) {
    if failure == nil { failure = bytes.withUnsafeBytes { writeAll($0, to: descriptor)?.reason } }
    try check()
  }

  /// Writes bytes over those from `offset` on, which must have been added: what stands in front and is known only at the end.
  ///
  /// - Throws: `FileError`.
  public func overwrite(at offset: Int, _ bytes: [UInt8]) throws(FileError) {
    if failure == nil { failure = bytes.withUnsafeBytes { writeAll($0, to: descriptor, at: offset)?.reason } }
    try check()
  }

  /// Gives the file its name.
  ///
  /// - Throws: `FileError`; then nothing is left behind.
  public func finish() throws(FileError) {
    if failure == nil && fsync(descriptor) != 0 && errno != EINVAL { failure = systemError() }
    // Nothing may be allocated between the two calls: a program that ends for want of memory removes only what is open.
    temporary.withCString { temporary in
      path.withCString { name in
        if close(descriptor) != 0 && failure == nil { failure = systemError() }
        descriptor = -1
        if failure == nil && rename(temporary, name) != 0 {
          failure =
            errno == EISDIR
            ? "it is a folder; name a file in it" : Self.folderIsGone(Self.parts(path).folder) ?? systemError()
        }
        if failure != nil { unlink(temporary) }
      }
    }
    try check()
  }

  /// Removes what has been written so far.
  public func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    unlink(temporary)
  }

  /// What to say where the last call found no such file because `folder` is not there: never was, or vanished meanwhile.
  private static func folderIsGone(_ folder: String) -> String? {
    let error = errno
    defer { errno = error }
    guard error == ENOENT, !folder.isEmpty, access(folder, F_OK) != 0 else { return nil }
    return "there is no folder \(folder); make it with mkdir -p \(folder)"
  }

  private func check() throws(FileError) {
    if let failure { throw .refused(path: path, action: "be written", reason: failure) }
  }

  /// The machine's name: others may write into the same folder, with processes of the same numbers.
  private static let host: String = {
    var name = [CChar](repeating: 0, count: 65)
    guard gethostname(&name, name.count - 1) == 0 else { return "host" }
    let bytes = name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
    return String(decoding: bytes, as: UTF8.self).replacing("/", with: "-")
  }()

  /// Removes the temporary files in the folder of `path` that processes of this machine left when they were killed.
  public static func removeStaleTemporaries(besides path: String) {
    let folder = parts(path).folder
    guard let directory = opendir(folder.isEmpty ? "." : folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
      }
      // .NAME.HOST-PID.tmp, where no such process runs.
      let end = ".tmp"
      guard name.hasPrefix("."), name.hasSuffix(end), let dash = name.lastIndex(of: "-"),
        name[..<dash].hasSuffix(".\(host)"), let process = pid_t(name[name.index(after: dash)...].dropLast(end.count)),
        process > 0, kill(process, 0) != 0, errno == ESRCH
      else { continue }
      unlink(folder + name)
    }
  }

  /// The folder with its slash, or nothing, and the name in it.
  private static func parts(_ path: String) -> (folder: String, name: Substring) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path[...]) }
    return (String(path[...slash]), path[path.index(after: slash)...])
  }
}
