import DiffusionFiles
import TensorCore

extension MappedFile {
  /// Maps the file of a checkpoint.
  ///
  /// - Throws: `CheckpointError` if it is not a regular file with something in it, or the system refuses.
  public convenience init(checkpoint path: String) throws(CheckpointError) {
    do { try self.init(path: path) } catch { throw CheckpointError(error) }
  }
}

extension CheckpointError {
  /// Why a file that should be a checkpoint cannot be read.
  public init(_ error: FileError) {
    self =
      switch error {
      case .refused(let path, _, let reason): .unreadable(file: path, reason: reason)
      case .folder(let path): .folder(file: path)
      case .notRegular(let path): .notAFile(file: path)
      case .empty(let path): .empty(file: path)
      }
  }
}

/// What is at `path`, beside or in a checkpoint.
///
/// - Throws: `CheckpointError.unreadable` where the system does not say: what is there must not be taken for nothing.
public func checkpointKind(ofPath path: String) throws(CheckpointError) -> PathKind {
  do { return try kind(ofPath: path) } catch { throw CheckpointError(error) }
}
