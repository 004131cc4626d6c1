import DiffusionPlatform
import DiffusionText

/// Writes lines of words to standard error, on which nothing that stands in a file or was typed moves the cursor.
public func writeError(_ text: String) {
  writeControl(
    text.split(separator: "\n", omittingEmptySubsequences: false).map(escapingControls).joined(separator: "\n"))
}

/// Writes to standard error what may move the cursor.
public func writeControl(_ text: String) {
  var text = text
  text.withUTF8 { bytes in
    var offset = 0
    while offset < bytes.count {
      let written = write(STDERR_FILENO, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
      if written < 0 && errno == EINTR { continue }
      // If nobody can be told, there is nobody to tell so.
      if written <= 0 { return }
      offset += written
    }
  }
}
