import DiffusionBytes

/// A `.npz`, NumPy's archive of named arrays, from `numpy.savez` or `numpy.savez_compressed`. Arrays are unpacked on
/// request.
public struct NPZArchive: Sendable {
  private let path: String
  private let file: [UInt8]
  private let directory: ZipArchive
  private let sizeLimit: Int

  /// Opens the archive in the bytes of a file.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - path: the file's name in errors.
  ///   - sizeLimit: the maximum unpacked size of a compressed array, in bytes.
  /// - Throws: `ImageError.npz`, also if any entry uses a compression method that NumPy does not.
  public init(_ bytes: [UInt8], path: String, sizeLimit: Int = 1 << 36) throws(ImageError) {
    self.path = path
    self.sizeLimit = sizeLimit
    file = bytes
    do { directory = try ZipArchive(bytes, takesDeflate: true) } catch { throw .npz(path: path, .zip(error)) }
  }

  /// The names of the arrays, sorted.
  public var names: [String] {
    directory.entries.keys.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }.sorted()
  }

  /// The array named `name`, which must exist. Its checksum is verified.
  ///
  /// - Throws: `ImageError.npz`.
  public func array(_ name: String) throws(ImageError) -> NPYArray {
    guard let entry = directory.entries[name + ".npy"] else {
      throw .npz(path: path, .missing(array: name, found: names))
    }
    var bytes = file[entry.place]
    if entry.isDeflated {
      do {
        bytes = try inflated(bytes, size: entry.size, checksum: entry.checksum, limit: sizeLimit)[...]
      } catch { throw .npz(path: path, .inflate(entry: name + ".npy", error)) }
    } else {
      var checksum = CRC32()
      bytes.withUnsafeBytes { checksum.update($0) }
      guard checksum.value == entry.checksum else {
        throw .npz(path: path, .inflate(entry: name + ".npy", .checksum))
      }
    }
    do { return try parseNPY(bytes) } catch { throw .npz(path: path, .array(name, error)) }
  }
}
