import DiffusionFiles
import DiffusionPlatform
import DiffusionText

/// Writes text to standard output, escaping control characters that may come from files or arguments.
///
/// - Throws: as `writeToStandardOutput`.
public func printText(_ text: String) throws(FileError) { try writeToStandardOutput(Array(forTerminal(text).utf8)) }

/// Writes to standard output.
///
/// - Throws: `FileError`, also for a closed pipe; SIGPIPE must be ignored.
public func writeToStandardOutput(_ bytes: [UInt8]) throws(FileError) {
  if let failure = bytes.withUnsafeBytes({ writeAll($0, to: STDOUT_FILENO) }) {
    throw .refused(path: "standard output", action: "be written", reason: failure.reason)
  }
}
