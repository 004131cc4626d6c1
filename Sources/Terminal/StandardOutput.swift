import DiffusionFiles
import DiffusionPlatform

/// Writes text to standard output.
///
/// - Throws: as `writeToStandardOutput`.
public func printText(_ text: String) throws(FileError) { try writeToStandardOutput(Array(text.utf8)) }

/// Writes to standard output.
///
/// - Throws: `FileError`, also for a closed pipe; SIGPIPE must be ignored.
public func writeToStandardOutput(_ bytes: [UInt8]) throws(FileError) {
  if let failure = bytes.withUnsafeBytes({ writeAll($0, to: STDOUT_FILENO) }) {
    throw .refused(path: "standard output", action: "be written", reason: failure.reason)
  }
}
