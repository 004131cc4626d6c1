import DiffusionBytes
import DiffusionPlatform
import DiffusionText

/// A file written under a temporary name in its folder and renamed when it is finished, so that it appears whole or not
/// at all. If it is never finished, the temporary file is removed with the object; one that is continued stays.
public final class AtomicFile: GrowingFile {
  private let path: String
  private let temporary: String
  private var descriptor: Int32
  /// Whether the unfinished file stays.
  private let stays: Bool
  /// Bytes that an earlier run has written and that have not been passed yet: appending passes over them.
  public private(set) var waiting = 0
  /// Bytes written or passed.
  public private(set) var position = 0
  /// The first failure, after which nothing more is written.
  private var failure: String?

  /// Begins a file that will appear at `path`.
  ///
  /// - Throws: `FileError`.
  public init(path: String) throws(FileError) {
    (self.path, stays) = (path, false)
    let (folder, name) = folderAndName(path)
    temporary = "\(folder).\(name.prefix(60)).\(Self.host)-\(getpid()).tmp"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw .refused(path: path, action: "be written", reason: Self.folderIsGone(folder) ?? systemError())
    }
  }

  /// The name of a file that is not finished and stays.
  public static func unfinished(_ path: String) -> String { path + ".partial" }

  /// Begins a file that will appear at `path`, or goes on with what an earlier run has left. It stays if it is never
  /// finished, under the name `unfinished(path)`, which only one process can write to at a time.
  ///
  /// - Parameters:
  ///   - path: where the file will appear.
  ///   - keeping: how many bytes of what is there to go on with, which then count as `waiting`; those behind them are
  ///     dropped.
  /// - Throws: `FileError`.
  public init(continued path: String, keeping: Int) throws(FileError) {
    (self.path, stays) = (path, true)
    temporary = Self.unfinished(path)
    // Somebody's file under another name, by a symbolic or a hard link, is none that an earlier run has left.
    descriptor = open(temporary, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      let isLink = errno == ELOOP
      throw .refused(
        path: isLink ? temporary : path, action: "be written", reason: isLink ? Self.isLinked : systemError())
    }
    var reason: String?
    var status = stat()
    if fstat(descriptor, &status) != 0 {
      reason = systemError()
    } else if status.st_mode & S_IFMT != S_IFREG || status.st_nlink != 1 {
      reason = Self.isLinked
    } else if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      reason = "another run is writing it"
    } else {
      let size = lseek(descriptor, 0, SEEK_END)
      waiting = max(0, min(Int(size), keeping))
      if size < 0 || ftruncate(descriptor, off_t(waiting)) != 0 || lseek(descriptor, 0, SEEK_SET) != 0 {
        reason = systemError()
      }
    }
    guard let reason else { return }
    close(descriptor)
    descriptor = -1
    throw .refused(path: temporary, action: "be written", reason: reason)
  }

  private static let isLinked = "it is not a file of its own, but a link to one, or no file at all; remove it"

  deinit { discard() }

  /// Reads `count` of the bytes that wait, from `offset` of them on.
  ///
  /// - Throws: `FileError`.
  public func waitingBytes(_ count: Int, at offset: Int = 0) throws(FileError) -> [UInt8] {
    precondition(offset + count <= waiting, "only \(waiting) bytes wait")
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let read = bytes.withUnsafeMutableBytes { buffer in
        buffer.baseAddress.map { pread(descriptor, $0 + done, count - done, off_t(position + offset + done)) } ?? 0
      }
      if read < 0 && errno == EINTR { continue }
      guard read > 0 else {
        throw .refused(path: temporary, action: "be read", reason: read == 0 ? "it ends too early" : systemError())
      }
      done += read
    }
    return bytes
  }

  /// Passes over bytes that wait.
  public func pass(_ count: Int) {
    precondition(count <= waiting, "only \(waiting) bytes wait")
    waiting -= count
    position += count
    if lseek(descriptor, off_t(position), SEEK_SET) < 0 { failure = systemError() }
  }

  /// Drops the bytes that wait, so that what is appended next is written.
  ///
  /// - Throws: `FileError`.
  public func dropWaiting() throws(FileError) {
    if ftruncate(descriptor, off_t(position)) != 0 { failure = systemError() }
    waiting = 0
    try check()
  }

  /// Appends bytes. Those that wait are passed over, and written again if they differ.
  ///
  /// - Throws: `FileError`, also on every call after one that failed.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    let passed = min(waiting, bytes.count)
    if passed > 0 {
      let known = UnsafeRawBufferPointer(rebasing: bytes[..<passed])
      // A header may be damaged, or have been completed by a run that failed behind it.
      if failure == nil, !(try waitingBytes(passed).elementsEqual(known)) {
        failure = writeAll(known, to: descriptor)?.reason
      }
      pass(passed)
    }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[passed...])
    if failure == nil { failure = writeAll(rest, to: descriptor)?.reason }
    position += rest.count
    try check()
  }

  /// Appends bytes.
  ///
  /// - Throws: `FileError`.
  public func append(_ bytes: [UInt8]) throws(FileError) {
    let result: Result<Void, FileError> = bytes.withUnsafeBytes { pointer in
      Result { () throws(FileError) in try append(pointer) }
    }
    try result.get()
  }

  /// Overwrites bytes from `offset` on, which must have been appended: for headers whose contents are known only at the
  /// end.
  ///
  /// - Throws: `FileError`.
  public func overwrite(at offset: Int, _ bytes: [UInt8]) throws(FileError) {
    if failure == nil { failure = bytes.withUnsafeBytes { writeAll($0, to: descriptor, at: offset)?.reason } }
    try check()
  }

  /// Waits until all that is written is on the disk itself, so that a power failure leaves it whole.
  ///
  /// - Throws: `FileError`.
  public func synchronize() throws(FileError) {
    synchronizeDescriptor()
    try check()
  }

  private func synchronizeDescriptor() {
    // Of a pipe or device there is nothing to wait for.
    if failure == nil && fsync(descriptor) != 0 && errno != EINVAL { failure = systemError() }
  }

  /// Completes the file and gives it its name.
  ///
  /// - Throws: `FileError`; then nothing is left behind.
  public func finish() throws(FileError) {
    synchronizeDescriptor()
    // Nothing may be allocated between closing and renaming: a program that runs out of memory removes only the files
    // that are open.
    temporary.withCString { temporary in
      path.withCString { name in
        if close(descriptor) != 0 && failure == nil { failure = systemError() }
        descriptor = -1
        if failure == nil && rename(temporary, name) != 0 {
          failure =
            errno == EISDIR
            ? "it is a folder; name a file in it" : Self.folderIsGone(folderAndName(path).folder) ?? systemError()
        }
        if failure != nil && !stays { unlink(temporary) }
      }
    }
    try check()
  }

  /// Removes the unfinished file, unless it is one that stays.
  public func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    // Once more if it is refused: nothing tells of a file that is left behind.
    if !stays, unlink(temporary) != 0, errno != ENOENT { unlink(temporary) }
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
    let folder = folderAndName(path).folder
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
}
