import DiffusionPlatform

/// Reads lines from a file, a pipe or standard input, each as soon as it is complete.
public final class LineReader {
  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var isAtEnd = false
  /// The longest allowed line, so that endless input does not fill the memory.
  private static let longest = 1 << 24

  /// - Parameter path: the file; `-` is standard input.
  /// - Throws: `FileError`.
  public init(path: String) throws(FileError) {
    self.path = path == "-" ? "standard input" : path
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .refused(path: path, action: "be read", reason: systemError()) }
  }

  deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

  /// The next line, without its newline; nil after the last.
  ///
  /// - Parameter onSignal: called when a signal arrives while waiting for input; an error that it throws ends the wait.
  /// - Throws: `FileError`, also for a line of more than 16 MiB, and what `onSignal` throws.
  public func next(onSignal: () throws -> Void = {}) throws -> [UInt8]? {
    var searched = 0
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(buffer[..<end])
        buffer.removeFirst(end + 1)
        return line
      }
      searched = buffer.count
      if isAtEnd {
        defer { buffer = [] }
        return buffer.isEmpty ? nil : buffer
      }
      guard buffer.count <= Self.longest else {
        throw FileError.refused(path: path, action: "be read", reason: "a line is longer than \(Self.longest) bytes")
      }
      if try !readMore() { try onSignal() }
    }
  }

  /// Reads the next bytes; false if a signal arrives first. Unlike `read`, `poll` is not restarted after a signal.
  private func readMore() throws(FileError) -> Bool {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    if poll(&waiting, 1, -1) < 0 && errno == EINTR { return false }
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptor, &piece, piece.count)
    if count < 0 && errno == EINTR { return false }
    guard count >= 0 else { throw .refused(path: path, action: "be read", reason: systemError()) }
    isAtEnd = count == 0
    buffer += piece[..<count]
    return true
  }
}
