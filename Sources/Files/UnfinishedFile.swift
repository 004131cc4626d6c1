import DiffusionPlatform

extension AtomicFile {
  /// Whether a process, of this machine or another, has begun to write the file `name` in `folder` and has not finished
  /// it.
  public static func isUnfinished(_ name: String, in folder: String) -> Bool {
    guard let directory = opendir(folder) else { return false }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let found = fileName(entry)
      if found.hasPrefix(".\(name.prefix(60))."), found.hasSuffix(".tmp") { return true }
    }
    return false
  }
}
