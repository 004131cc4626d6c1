import DiffusionBytes
import DiffusionFiles
import DiffusionImages
import DiffusionTraining

/// The PNGs and JPEGs in a folder and its subfolders, sorted by name.
struct PictureFolder: EncodedPictures {
  let path: String
  var entries: [String]
  var areKnownToBePictures = false

  init(_ path: String) throws(ScoringError) {
    self.path = path
    do { entries = try ImageFiles(folder: path).paths } catch {
      if (try? kind(ofPath: "\(path)/\(RunRecord.file)")) == .file { throw .trainingRun(path: path) }
      throw .dataset(error)
    }
  }

  func name(_ index: Int) -> String { entries[index] }

  func fingerprint(progress: (Int, Int) -> Void) throws -> String {
    var hash = SHA256()
    try hash.update(files: entries, progress: progress)
    return hash.hexDigest()
  }

  func decode(_ index: Int) throws(ScoringError) -> Picture {
    try decoded(try bytes(ofPicture: entries[index]), name: entries[index])
  }
}

extension SHA256 {
  /// Takes in what files hold, one after another.
  ///
  /// - Parameters:
  ///   - files: their paths.
  ///   - progress: called after each with the number that is done and that of all.
  /// - Throws: `ScoringError.badPicture` if one cannot be read.
  mutating func update(files: [String], progress: (Int, Int) -> Void) throws(ScoringError) {
    for (n, file) in files.enumerated() {
      let bytes = try bytes(ofPicture: file)
      // The length keeps apart what lies in one file and what in the next.
      update(littleEndianBytes(UInt64(bytes.count)))
      update(bytes)
      progress(n + 1, files.count)
    }
  }
}

/// The bytes of a regular file: a pipe in the folder, say, would be waited for without end. What begins as no picture
/// does is read no further.
private func bytes(ofPicture path: String) throws(ScoringError) -> [UInt8] {
  let file: MappedFile
  do { file = try MappedFile(path: path) } catch {
    if error.isOfMachine { throw .file(error) }
    throw .badPicture(name: path, reason: String("\(error)".dropFirst(path.count + 2)))
  }
  let beginning = file.slice(0, min(file.count, 512)).map { [UInt8]($0) } ?? []
  let content = PictureContent(beginning)
  guard content == .png || content == .jpeg else { return beginning }
  return file.slice(0, file.count).map { [UInt8]($0) } ?? []
}

/// The picture in a PNG or JPEG.
func decoded(_ bytes: [UInt8], name: String) throws(ScoringError) -> Picture {
  do { return try Picture(file: bytes) } catch {
    // The machine is at fault, not the file.
    if error.isOfMachine { throw .image(error) }
    throw .badPicture(name: name, reason: "\(error)")
  }
}
