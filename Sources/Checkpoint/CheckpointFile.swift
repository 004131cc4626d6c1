import DiffusionFiles
import DiffusionPlatform
import TensorCore

extension MappedFile {
  /// Maps a checkpoint's file.
  ///
  /// - Throws: `CheckpointError` if it is not a regular, non-empty file, or the system refuses.
  public convenience init(checkpoint path: String) throws(CheckpointError) {
    do { try self.init(path: path) } catch { throw CheckpointError(error) }
  }
}

extension CheckpointError {
  private static let nothingThere = String(cString: strerror(ENOENT))

  /// The same error for a file that should be a checkpoint.
  public init(_ error: FileError) {
    self =
      switch error {
      case .refused(let path, _, let reason):
        (reason == Self.nothingThere ? .missing(path) : nil) ?? .unreadable(file: path, reason: reason)
      case .folder(let path): .folder(file: path)
      case .notRegular(let path), .special(let path): .notAFile(file: path)
      case .empty(let path): .empty(file: path)
      }
  }
}

/// The kind of thing at `path`, in or next to a checkpoint.
///
/// - Throws: `CheckpointError.unreadable` if the system does not tell: something that exists must not count as nothing.
public func checkpointKind(ofPath path: String) throws(CheckpointError) -> PathKind {
  do { return try kind(ofPath: path) } catch { throw CheckpointError(error) }
}
