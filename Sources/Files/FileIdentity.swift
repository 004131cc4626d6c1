import DiffusionPlatform

/// Which file a path leads to, whatever it is called: hard links, symbolic links and other spellings are the same.
public enum FileIdentity: Hashable, Sendable {
  /// One that exists.
  case existing(device: UInt64, inode: UInt64)
  /// A name in a folder that exists.
  case missing(device: UInt64, inode: UInt64, name: String)
  /// A path whose folder does not exist.
  case nowhere(String)

  /// The file at `path`, or the one that would be made there.
  public init(_ path: String) {
    if let status = Self.status(path) {
      self = .existing(device: status.device, inode: status.inode)
      return
    }
    let (folder, name) = folderAndName(path)
    if let status = Self.status(folder.isEmpty ? "." : folder) {
      self = .missing(device: status.device, inode: status.inode, name: String(name))
    } else {
      let parts = path.split(separator: "/").filter { $0 != "." }
      self = .nowhere((path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/"))
    }
  }

  private static func status(_ path: String) -> (device: UInt64, inode: UInt64)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (UInt64(status.st_dev), UInt64(status.st_ino))
  }
}

/// Why a file cannot be written at `path`, found by beginning one and removing it; nil if it can. The folder must
/// exist.
///
/// - Parameters:
///   - path: where the file is to be.
///   - appends: whether a file that is there is appended to, not replaced.
public func obstacle(toWriting path: String, appends: Bool = false) -> FileError? {
  do throws(FileError) {
    if folderAndName(path).name.utf8.count > 255 {
      throw .refused(path: path, action: "be written", reason: "its name is longer than 255 bytes; shorten it")
    }
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw status.st_mode & S_IFMT == S_IFDIR ? .folder(path: path) : .special(path: path)
      }
      if appends {
        guard access(path, W_OK) == 0 else { throw .refused(path: path, action: "be written", reason: systemError()) }
        return nil
      }
    }
    try AtomicFile(path: path).discard()
    return nil
  } catch { return error }
}

/// Creates a folder and those above it, as far as they do not exist.
///
/// - Throws: `FileError`.
public func makeFolders(_ path: String) throws(FileError) {
  var above = path.hasPrefix("/") ? "/" : ""
  for part in path.split(separator: "/") {
    above += part
    if try kind(ofPath: above) != .folder { try makeFolder(above) }
    above += "/"
  }
}

/// The folder of a file, empty or ending in a slash, and the name in it.
public func folderAndName(_ path: String) -> (folder: String, name: Substring) {
  guard let slash = path.lastIndex(of: "/") else { return ("", path[...]) }
  return (String(path[...slash]), path[path.index(after: slash)...])
}
