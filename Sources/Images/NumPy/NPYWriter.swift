import DiffusionBytes
import DiffusionFiles
import TensorCore

/// Writes a `.npy` file of float32 row by row.
public final class NPYWriter {
  private let file: AtomicFile

  /// Starts the file at `path`, for an array of `shape`.
  ///
  /// - Throws: `FileError`.
  public init(path: String, shape: [Int]) throws(FileError) {
    file = try AtomicFile(path: path)
    try file.append(npyHeader(shape, type: "<f4"))
  }

  /// Appends the next elements.
  ///
  /// - Throws: `FileError`.
  public func append(_ rows: Tensor) throws(FileError) {
    try file.append(rows.values.flatMap { littleEndianBytes($0.bitPattern) })
  }

  /// Completes the file after all elements are appended.
  ///
  /// - Throws: `FileError`.
  public func finish() throws(FileError) { try file.finish() }
}
