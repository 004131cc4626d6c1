import DiffusionPlatform

/// Locks a run's folder for the lifetime of this object, or of its process. Two processes that resume the same run
/// would overwrite each other's files.
final class RunLock {
  private let descriptor: Int32

  /// - Throws: `TrainingError.inUse` if another process holds the lock. If the folder cannot be locked, there is no
  ///   lock.
  init(_ folder: String) throws(TrainingError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      close(descriptor)
      throw .inUse(folder: folder)
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
