import DiffusionPlatform

/// Keeps others out of a run's folder for as long as it is there, or its process: two that go on with one run would write over each
/// other's files.
final class RunLock {
  private let descriptor: Int32

  /// - Throws: `TrainingError.inUse` if another is at work in the folder. Where there can be no locks there are none.
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
