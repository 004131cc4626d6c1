/// What can be wrong with a zip archive.
public enum ZipFault: Error, Equatable, CustomStringConvertible {
  /// There is no end-of-directory record.
  case noDirectory
  /// A record reaches beyond the file.
  case beyondEnd(what: String, offset: UInt64, size: UInt64, available: Int)
  /// A record does not begin with its signature.
  case badRecord(what: String, offset: Int)
  /// An entry is compressed, or compressed by an unsupported method.
  case compressed(entry: String)
  /// An entry is encrypted.
  case encrypted(entry: String)
  /// Two entries have the same name.
  case duplicate(entry: String)

  /// What is wrong.
  public var description: String {
    switch self {
    case .noDirectory: "the zip directory at its end is missing (was it cut short?)"
    case .beyondEnd(let what, let offset, let size, let available):
      "\(what) should lie at byte \(offset) with \(size) bytes, but the file has \(available)"
    case .badRecord(let what, let offset): "there is no \(what) at byte \(offset)"
    case .compressed(let entry): "entry \(entry) is compressed"
    case .encrypted(let entry): "entry \(entry) is encrypted"
    case .duplicate(let entry): "there are two entries named \(entry)"
    }
  }
}
