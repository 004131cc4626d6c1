/// What can be wrong with a zip archive.
public enum ZipFault: Error, Equatable, CustomStringConvertible {
  /// No end-of-directory record.
  case noDirectory
  /// A record that does not lie in the file.
  case beyondEnd(what: String, offset: UInt64, size: UInt64, available: Int)
  /// A record that does not begin with its signature.
  case badRecord(what: String, offset: Int)
  /// An entry that is compressed, or in a way that cannot be read.
  case compressed(entry: String)
  /// An entry that is encrypted.
  case encrypted(entry: String)
  /// Two entries of one name.
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
