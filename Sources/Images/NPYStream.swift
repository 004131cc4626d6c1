import TensorCore
import Zip

/// A `.npy` of float32 that grows row by row.
public final class NPYStream {
  private let file: AtomicFile

  /// Begins the file that will be at `path`, for an array of `shape`.
  ///
  /// - Throws: `ImageError.file`.
  public init(path: String, shape: [Int]) throws(ImageError) {
    file = try AtomicFile(path: path)
    try file.append(npyHeader(shape, type: "<f4"))
  }

  /// Adds the next elements.
  ///
  /// - Throws: `ImageError.file`.
  public func append(_ rows: Tensor) throws(ImageError) {
    try file.append(rows.values.flatMap { littleEndianBytes($0.bitPattern) })
  }

  /// Completes the file, when all elements are there.
  ///
  /// - Throws: `ImageError.file`.
  public func finish() throws(ImageError) { try file.finish() }
}
