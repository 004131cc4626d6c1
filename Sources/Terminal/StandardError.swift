import DiffusionPlatform
import DiffusionText

/// Writes text to standard error, escaping control characters that may come from files or arguments.
public func writeError(_ text: String) {
  writeControl(forTerminal(text))
}

/// Writes text with control sequences to standard error.
public func writeControl(_ text: String) {
  var text = text
  text.withUTF8 { bytes in
    var offset = 0
    while offset < bytes.count {
      let written = write(STDERR_FILENO, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
      if written < 0 && errno == EINTR { continue }
      // stderr is gone: nowhere left to report.
      if written <= 0 { return }
      offset += written
    }
  }
}

/// Writes notes to standard error, a line each.
///
/// - Parameters:
///   - notes: sentences without control characters.
///   - quiet: whether to write none.
public func writeNotes(_ notes: [String], unless quiet: Bool) {
  if !quiet { writeError(notes.map { "note: \($0)\n" }.joined()) }
}
