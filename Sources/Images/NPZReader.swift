import Zip

/// A `.npz`, NumPy's archive of arrays by name, as `numpy.savez` writes it. Arrays are unpacked when they are asked for.
public struct NPZArchive: Sendable {
  private let path: String
  private let file: [UInt8]
  private let directory: ZipArchive

  /// The archive in the bytes of a file.
  ///
  /// - Parameter path: what errors call it.
  /// - Throws: `ImageError.npz`, also if any entry is compressed.
  public init(_ bytes: [UInt8], path: String) throws(ImageError) {
    self.path = path
    file = bytes
    do { directory = try ZipArchive(bytes) } catch { throw .npz(path: path, .zip(error)) }
  }

  /// The arrays' names, sorted.
  public var names: [String] {
    directory.entries.keys.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }.sorted()
  }

  /// The array called `name`, which must be there.
  ///
  /// - Throws: `ImageError.npz`.
  public func array(_ name: String) throws(ImageError) -> NPYArray {
    guard let range = directory.entries[name + ".npy"] else {
      throw .npz(path: path, .missing(array: name, found: names))
    }
    do { return try parseNPY(file[range]) } catch { throw .npz(path: path, .array(name, error)) }
  }
}
