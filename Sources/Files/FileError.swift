import DiffusionPlatform

/// Why a file or folder cannot be read or written. Every description is one sentence that names it.
public enum FileError: Error, Equatable, CustomStringConvertible {
  /// The system refused; `action` is what failed ("be read", "be written"), `reason` the system's message.
  case refused(path: String, action: String, reason: String)
  /// It is a folder, not a file.
  case folder(path: String)
  /// It is a pipe, a device or a socket, not a regular file.
  case notRegular(path: String)
  /// It is a pipe, a device or a socket, which a file would replace.
  case special(path: String)
  /// The file is empty.
  case empty(path: String)

  /// Whether the machine is at fault, not the file: memory is short, or too many files are open. Another file would be
  /// refused as well.
  public var isOfMachine: Bool {
    guard case .refused(_, _, let reason) = self else { return false }
    return [ENOMEM, EMFILE, ENFILE].contains { String(cString: strerror($0)) == reason }
  }

  /// One sentence that says what is wrong and, if possible, what to do.
  public var description: String {
    switch self {
    case .refused(let path, let action, let reason): "\(path): cannot \(action): \(reason)"
    case .folder(let path): "\(path): is a folder; name a file in it"
    case .notRegular(let path): "\(path): is not a regular file; save it to disk first"
    case .special(let path): "\(path): is a device or a pipe, not a file; name a file"
    case .empty(let path): "\(path): is empty; copy or download it again"
    }
  }
}
