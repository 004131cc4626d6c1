import DiffusionBytes
import DiffusionFiles
import DiffusionImages
import DiffusionTraining

/// The PNGs and JPEGs in a folder and its subfolders, sorted by name.
struct PictureFolder: PictureSource {
  let path: String
  private var files: [String]

  init(_ path: String) throws(ScoringError) {
    self.path = path
    do { files = try ImageFiles(folder: path).paths } catch {
      if (try? kind(ofPath: "\(path)/\(RunRecord.file)")) == .file { throw .trainingRun(path: path) }
      throw .dataset(error)
    }
  }

  var count: Int { files.count }

  func findBad(progress: (Int, Int) -> Void) throws(ScoringError) -> [Int: BadPicture] {
    try decodeAll(count, progress: progress) { index throws(ScoringError) in try picture(index) }
  }

  func leavingOut(_ indices: Set<Int>) -> any PictureSource {
    var copy = self
    copy.files = files.indices.filter { !indices.contains($0) }.map { files[$0] }
    return copy
  }

  func name(_ index: Int) -> String { files[index] }

  func fingerprint() throws(ScoringError) -> String {
    var hash = SHA256()
    try hash.update(files: files)
    return hash.hexDigest()
  }

  func picture(_ index: Int) throws(ScoringError) -> Picture {
    try decoded(try bytes(ofPicture: files[index]), name: files[index])
  }
}

extension SHA256 {
  /// Takes in what files hold, one after another.
  ///
  /// - Throws: `ScoringError.badPicture` if one cannot be read.
  mutating func update(files: [String]) throws(ScoringError) {
    for file in files {
      let bytes = try bytes(ofPicture: file)
      // The length keeps apart what lies in one file and what in the next.
      update(littleEndianBytes(UInt64(bytes.count)))
      update(bytes)
    }
  }
}

/// The bytes of a regular file: a pipe in the folder, say, would be waited for without end. What begins as no picture
/// does is read no further.
private func bytes(ofPicture path: String) throws(ScoringError) -> [UInt8] {
  let file: MappedFile
  do { file = try MappedFile(path: path) } catch {
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
