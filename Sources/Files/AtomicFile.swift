import DiffusionBytes
import DiffusionPlatform
import DiffusionText

/// A file written under a temporary name in its folder and renamed when it is finished, so that it appears whole or not
/// at all. If it is never finished, the temporary file is removed with the object.
public final class AtomicFile: GrowingFile {
  private let path: String
  private let temporary: String
  private var descriptor: Int32
  /// The first failure, after which nothing more is written.
  private var failure: String?

  /// Begins a file that will appear at `path`.
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

  /// Appends bytes.
  ///
  /// - Throws: `FileError`, also on every call after one that failed.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    if failure == nil { failure = writeAll(bytes, to: descriptor)?.reason }
    try check()
  }

  /// Appends bytes.
  ///
  /// - Throws: `FileError`.
  public func append(_ bytes: [UInt8]) throws(FileError) {
    if failure == nil { failure = bytes.withUnsafeBytes { writeAll($0, to: descriptor)?.reason } }
    try check()
  }

  /// Overwrites bytes from `offset` on, which must have been appended: for headers whose contents are known only at the
  /// end.
  ///
  /// - Throws: `FileError`.
  public func overwrite(at offset: Int, _ bytes: [UInt8]) throws(FileError) {
    if failure == nil { failure = bytes.withUnsafeBytes { writeAll($0, to: descriptor, at: offset)?.reason } }
    try check()
  }

  /// Completes the file and gives it its name.
  ///
  /// - Throws: `FileError`; then nothing is left behind.
  public func finish() throws(FileError) {
    if failure == nil && fsync(descriptor) != 0 && errno != EINVAL { failure = systemError() }
    // Nothing may be allocated between closing and renaming: a program that runs out of memory removes only the files
    // that are open.
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

  /// Removes the unfinished file.
  public func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    unlink(temporary)
  }

  /// The message if the last call failed because `folder` does not exist, or no longer does; nil otherwise.
  private static func folderIsGone(_ folder: String) -> String? {
    let error = errno
    defer { errno = error }
    guard error == ENOENT, !folder.isEmpty, access(folder, F_OK) != 0 else { return nil }
    return "there is no folder \(folder); make it with \(shellLine(["mkdir", "-p", operand(folder)]))"
  }

  private func check() throws(FileError) {
    if let failure { throw .refused(path: path, action: "be written", reason: failure) }
  }

  /// The machine's name: processes of other machines, with the same process IDs, may write to the same folder.
  private static let host: String = {
    var name = [CChar](repeating: 0, count: 65)
    guard gethostname(&name, name.count - 1) == 0 else { return "host" }
    let bytes = name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
    return String(decoding: bytes, as: UTF8.self).replacing("/", with: "-")
  }()

  /// Removes the temporary files in the folder of `path` that killed processes of this machine have left.
  public static func removeStaleTemporaries(besides path: String) {
    let folder = parts(path).folder
    guard let directory = opendir(folder.isEmpty ? "." : folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = fileName(entry)
      // .NAME.HOST-PID.tmp, if there is no such process any more.
      let end = ".tmp"
      guard name.hasPrefix("."), name.hasSuffix(end), let dash = name.lastIndex(of: "-"),
        name[..<dash].hasSuffix(".\(host)"), let process = pid_t(name[name.index(after: dash)...].dropLast(end.count)),
        process > 0, kill(process, 0) != 0, errno == ESRCH
      else { continue }
      unlink(folder + name)
    }
  }

  /// The folder, empty or ending in a slash, and the name in it.
  private static func parts(_ path: String) -> (folder: String, name: Substring) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path[...]) }
    return (String(path[...slash]), path[path.index(after: slash)...])
  }
}
