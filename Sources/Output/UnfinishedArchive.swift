import DiffusionBytes
import DiffusionFiles
import Sampling

/// What an interrupted run leaves of an archive or array: `NAME.partial`, which holds the images that are finished, and
/// `NAME.partial.json`, which says how they were drawn.
struct UnfinishedArchive {
  /// The archive.
  let path: String

  /// Where it grows.
  var partial: String { AtomicFile.unfinished(path) }
  private var recordPath: String { partial + ".json" }
  /// Both files.
  var paths: [String] { [partial, recordPath] }

  /// Whether a run has left one.
  var isThere: Bool {
    get throws {
      // Without a record, one that is empty has just been begun.
      try kind(ofPath: partial) == .file && (fileSize(partial) ?? 0 > 0 || kind(ofPath: recordPath) == .file)
    }
  }

  /// How its images are drawn, and whether it may replace a file of its name.
  struct Record: Codable {
    let drawing: Provenance
    let metadata: Bool
    let replaces: Bool
    /// How many bytes of `partial` are images that are certainly on the disk: what is behind them may be anything
    /// after a power failure.
    var bytes = 0
  }

  /// What is recorded; nil if nothing that can be read is.
  func record() throws -> Record? {
    guard try kind(ofPath: recordPath) == .file else { return nil }
    return try? decodeJSON(Record.self, from: try readFile(recordPath))
  }

  /// What is recorded.
  ///
  /// - Throws: `OutputError.noRecord` if nothing that can be read is, `FileError`.
  func requiredRecord() throws -> Record {
    guard let found = try record() else { throw OutputError.noRecord(path: partial, record: recordPath) }
    return found
  }

  /// How what is there differs from what would be drawn now.
  ///
  /// - Throws: `OutputError.drawnOtherwise`, `OutputError.noRecord`.
  func check(against expected: Record) throws -> Record {
    let found = try requiredRecord()
    var differences = found.drawing.differences(from: expected.drawing)
    if found.metadata != expected.metadata {
      differences.append("metadata: \(found.metadata) there, \(expected.metadata) here")
    }
    if !differences.isEmpty { throw OutputError.drawnOtherwise(path: partial, differences: differences) }
    return found
  }

  /// Writes the record.
  func write(_ record: Record) throws {
    try writeAtomically(Array((try encodeJSON(record) + "\n").utf8), to: recordPath)
  }

  /// Removes the record of an archive that is complete.
  ///
  /// - Throws: `FileError`.
  func removeRecord() throws(FileError) {
    // Once more if it is refused: the archive is there, and a run that failed would have to replace it.
    do { try removeFile(recordPath) } catch { try removeFile(recordPath) }
  }

  /// Removes all that is left of an archive.
  func remove() {
    // What cannot be removed says so when the next run comes.
    try? removeFile(partial)
    try? removeFile(recordPath)
  }
}
