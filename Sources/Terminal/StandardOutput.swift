import DiffusionFiles
import DiffusionPlatform

/// Writes to standard output.
///
/// - Throws: `FileError`, also where the reader of a pipe has gone; the caller must have set SIGPIPE to be ignored.
public func writeToStandardOutput(_ bytes: [UInt8]) throws(FileError) {
  if let failure = bytes.withUnsafeBytes({ writeAll($0, to: STDOUT_FILENO) }) {
    throw .refused(path: "standard output", action: "be written", reason: failure.reason)
  }
}
