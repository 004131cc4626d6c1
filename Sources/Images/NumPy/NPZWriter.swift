import DiffusionBytes
import DiffusionFiles

/// Writes a `.npz` image by image, as `image_sample.py` of improved-diffusion does: uint8 `arr_0` `[N, H, W, C]` and,
/// with classes, int64 `arr_1` `[N]`.
public final class NPZWriter {
  private let file: AtomicFile
  private let zip: ZipWriter<AtomicFile>
  private let count: Int

  /// The images that an earlier run had written and that need not be appended.
  public let kept: Int

  /// Starts the file at `path`, for pixels of `shape` `[N, H, W, C]`.
  ///
  /// - Throws: `FileError`.
  public convenience init(path: String, shape: [Int]) throws(FileError) {
    try self.init(try AtomicFile(path: path), shape: shape)
  }

  /// Starts in `file`, or goes on with the whole images that are there.
  ///
  /// - Throws: `FileError`.
  public init(_ file: AtomicFile, shape: [Int]) throws(FileError) {
    self.file = file
    zip = ZipWriter(file)
    count = shape[0]
    let header = npyHeader(shape, type: "|u1")
    try zip.begin("arr_0.npy", size: header.count + shape.reduce(1, *))
    try zip.append(entry: header)
    let size = shape.dropFirst().reduce(1, *)
    kept = min(shape[0], file.waiting / size)
    // The archive's checksum is that of all bytes.
    var left = kept * size
    while left > 0 {
      let count = min(left, 1 << 20)
      try zip.append(entry: try file.waitingBytes(count))
      left -= count
    }
    if file.waiting > 0 { try file.dropWaiting() }
  }

  /// Appends the pixels of the next images.
  ///
  /// - Throws: `FileError`.
  public func append(_ pixels: [UInt8]) throws(FileError) { try zip.append(entry: pixels) }

  /// Completes the file after all images are appended.
  ///
  /// - Parameters:
  ///   - labels: the class label of each image, if they have classes.
  ///   - comment: the zip archive's comment, which NumPy passes over, at most 65,535 bytes.
  /// - Throws: `FileError`.
  public func finish(labels: (some Collection<Int>)?, comment: [UInt8] = []) throws(FileError) {
    if let labels {
      let header = npyHeader([count], type: "<i8")
      try zip.begin("arr_1.npy", size: header.count + 8 * count)
      try zip.append(entry: header)
      // Written in pieces: the labels of a million images are megabytes.
      var waiting: [UInt8] = []
      for label in labels {
        waiting += littleEndianBytes(Int64(label))
        if waiting.count >= 1 << 16 {
          try zip.append(entry: waiting)
          waiting = []
        }
      }
      try zip.append(entry: waiting)
    }
    try zip.finish(comment: comment)
    try file.finish()
  }

  /// The comment of the archive at `path`; nil if it is none.
  ///
  /// - Throws: `FileError`.
  public static func comment(ofFinished path: String) throws(FileError) -> [UInt8]? {
    let file = try MappedFile(path: path)
    guard let bytes = file.slice(0, file.count) else { return nil }
    return try? ZipArchive(bytes, takesDeflate: true).comment
  }

  /// Whether the file at `path` is a finished archive of pixels of `shape` `[N, H, W, C]`.
  ///
  /// - Throws: `FileError`.
  public static func isFinished(_ path: String, shape: [Int]) throws(FileError) -> Bool {
    let file = try MappedFile(path: path)
    guard let bytes = file.slice(0, file.count), let entry = try? ZipArchive(bytes).entries["arr_0.npy"] else {
      return false
    }
    let header = npyHeader(shape, type: "|u1")
    return entry.size == header.count + shape.reduce(1, *) && bytes[entry.place].starts(with: header)
  }
}
