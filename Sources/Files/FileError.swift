/// Why a file or a folder cannot be read or written. Every description is one sentence that names it.
public enum FileError: Error, Equatable, CustomStringConvertible {
  /// The system refuses; `action` is what was to be done ("be read", "be written"), `reason` the system's word.
  case refused(path: String, action: String, reason: String)
  /// A folder where a file is needed.
  case folder(path: String)
  /// A pipe, a device or a socket where a regular file is needed.
  case notRegular(path: String)
  /// A file without bytes.
  case empty(path: String)

  /// One sentence that says what is wrong and, where something can be done, what.
  public var description: String {
    switch self {
    case .refused(let path, let action, let reason): "\(path): cannot \(action): \(reason)"
    case .folder(let path): "\(path): is a folder; name a file in it"
    case .notRegular(let path): "\(path): is not a regular file; save it to disk first"
    case .empty(let path): "\(path): is empty; copy or download it again"
    }
  }
}
