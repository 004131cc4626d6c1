import DiffusionBytes
import DiffusionCheckpoints
import DiffusionFiles
import DiffusionText
import TensorCore

/// The features of pictures in a file beside them, so that they are computed once, and so that a run that was
/// interrupted goes on: a safetensors file with the tensor `features`, `[N, D]`. Its metadata says which pictures and
/// which network they belong to; those of others are replaced.
struct FeatureFile {
  let path: String
  private let widths: FeatureWidths
  private let count: Int
  /// The file up to the first feature.
  private let beginning: [UInt8]

  /// The file for pictures.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - pictures: what they are made of (`PictureSource.fingerprint`).
  ///   - count: their number.
  ///   - extractor: what computes their features.
  init(_ path: String, pictures: String, count: Int, _ extractor: any FeatureExtractor) throws(ScoringError) {
    (self.path, self.count, widths) = (path, count, extractor.widths)
    let metadata = [
      "network": extractor.key, "pictures": pictures,
      "columns": "pool \(widths.pool), spatial \(widths.spatial), logits \(widths.logits)",
    ]
    do {
      beginning = try safetensorsBeginning([("features", [count, widths.total])], metadata: metadata)
    } catch { throw .weights(error) }
  }

  /// Its usual name: `photos` and `photos.npz` have one beside them for each network.
  static func path(beside pictures: String, _ extractor: any FeatureExtractor) -> String {
    var hash = SHA256()
    hash.update(Array(extractor.key.utf8))
    var name = pictures[...]
    while name.count > 1, name.hasSuffix("/") { name = name.dropLast() }
    // What `.` and `..` are called, and no hidden file.
    if [".", ".."].contains(where: { name == $0 || name.hasSuffix("/\($0)") }), let whole = resolvedPath(pictures) {
      name = whole[...]
    }
    return "\(name).features-\(hash.hexDigest().prefix(8)).safetensors"
  }

  /// All rows, if the file is there, whole, and belongs to these pictures and this network.
  func read() throws(ScoringError) -> FeatureRows? {
    // One that cannot be read is written anew.
    guard let file = try? MappedFile(path: path), file.count == beginning.count + count * widths.total * 4,
      file.slice(0, beginning.count)?.elementsEqual(beginning) == true,
      let bytes = file.slice(beginning.count, count * widths.total * 4)
    else { return nil }
    var rows = FeatureRows(widths, capacity: count)
    rows.append(bytes.bindMemory(to: Float.self))
    return rows.values.allSatisfy(\.isFinite) ? rows : nil
  }

  /// The unfinished file, and the rows that an earlier run has left in it.
  func begin() throws(ScoringError) -> (file: AtomicFile, rows: FeatureRows) {
    if case .folder? = try? kind(ofPath: path) { throw .notKept(.folder(path: path)) }
    let file: AtomicFile
    do { file = try AtomicFile(continued: path, keeping: .max) } catch { throw .notKept(error) }
    var rows = FeatureRows(widths, capacity: count)
    let rowSize = widths.total * 4
    try inScoringTerms {
      let isOurs =
        try file.waiting >= beginning.count && file.waitingBytes(beginning.count) == beginning
      if !isOurs {
        try file.dropWaiting()
        try file.append(beginning)
      } else {
        file.pass(beginning.count)
        while rows.count < count, file.waiting >= rowSize {
          rows.append(
            littleEndianNumbers(try file.waitingBytes(rowSize)[...], as: UInt32.self).map(Float.init(bitPattern:)))
          if !rows.isFinite(rows.count - 1) {
            rows.removeLast()
            break
          }
          file.pass(rowSize)
        }
        try file.dropWaiting()
      }
    }
    return (file, rows)
  }
}
