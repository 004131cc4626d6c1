import DiffusionBytes
import DiffusionFiles
import TensorCore

/// A `.npy` of float32 that grows row by row.
public final class NPYWriter {
  private let file: AtomicFile

  /// Begins the file that will be at `path`, for an array of `shape`.
  ///
  /// - Throws: `FileError`.
  public init(path: String, shape: [Int]) throws(FileError) {
    file = try AtomicFile(path: path)
    try file.append(npyHeader(shape, type: "<f4"))
  }

  /// Adds the next elements.
  ///
  /// - Throws: `FileError`.
  public func append(_ rows: Tensor) throws(FileError) {
    try file.append(rows.values.flatMap { littleEndianBytes($0.bitPattern) })
  }

  /// Completes the file, when all elements are there.
  ///
  /// - Throws: `FileError`.
  public func finish() throws(FileError) { try file.finish() }
}
