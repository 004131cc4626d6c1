import DiffusionPlatform

/// A folder in memory for readers that take a path.
enum ScratchFolder {
  private static let path: String = {
    var template = Array((access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp").utf8CString.dropLast())
    template += Array("/fuzz-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no folder can be made") }
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    made = path
    atexit { ScratchFolder.remove() }
    return path
  }()
  private nonisolated(unsafe) static var made: String?

  /// The path of a file of this name.
  static func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file in the folder, in which names may have one `/`; returns its path.
  ///
  /// - Parameter size: how long it is; behind the bytes are zeros that take no memory.
  @discardableResult
  static func write(_ bytes: [UInt8], as name: String, size: Int? = nil) -> String {
    let path = file(name)
    if let slash = name.firstIndex(of: "/") { mkdir(file(String(name[..<slash])), 0o700) }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      fatalError("\(path) cannot be written")
    }
    if let size { ftruncate(descriptor, size) }
    close(descriptor)
    return path
  }

  private static func remove() {
    guard let made else { return }
    for folder in ["/unet", "/scheduler", ""] {
      guard let directory = opendir(made + folder) else { continue }
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
        }
        unlink("\(made)\(folder)/\(name)")
      }
      closedir(directory)
      rmdir(made + folder)
    }
  }
}
