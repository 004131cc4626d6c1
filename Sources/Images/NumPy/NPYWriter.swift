import DiffusionBytes
import DiffusionFiles
import TensorCore

/// Writes a `.npy` file of float32 row by row.
public final class NPYWriter {
  private let file: AtomicFile

  /// The rows that an earlier run had written and that need not be appended.
  public let kept: Int

  /// Starts the file at `path`, for an array of `shape`.
  ///
  /// - Throws: `FileError`.
  public convenience init(path: String, shape: [Int]) throws(FileError) {
    try self.init(try AtomicFile(path: path), shape: shape)
  }

  /// Starts in `file`, or goes on with the whole rows that are there.
  ///
  /// - Throws: `FileError`.
  public init(_ file: AtomicFile, shape: [Int]) throws(FileError) {
    self.file = file
    try file.append(npyHeader(shape, type: "<f4"))
    let size = 4 * shape.dropFirst().reduce(1, *)
    kept = min(shape[0], file.waiting / size)
    file.pass(kept * size)
    if file.waiting > 0 { try file.dropWaiting() }
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

  /// Whether the file at `path` is a finished array of `shape`.
  ///
  /// - Throws: `FileError`.
  public static func isFinished(_ path: String, shape: [Int]) throws(FileError) -> Bool {
    let file = try MappedFile(path: path)
    let header = npyHeader(shape, type: "<f4")
    return file.count == header.count + 4 * shape.reduce(1, *)
      && file.slice(0, header.count)?.elementsEqual(header) == true
  }
}
