import DiffusionBytes
import DiffusionFiles
import DiffusionImages
import DiffusionTraining

/// The PNGs and JPEGs in a folder and its subfolders, sorted by name.
struct PictureFolder: PictureSource {
  let path: String
  private let files: [String]

  init(_ path: String) throws(ScoringError) {
    self.path = path
    do { files = try ImageFiles(folder: path).paths } catch {
      if (try? kind(ofPath: "\(path)/\(RunRecord.file)")) == .file { throw .trainingRun(path: path) }
      throw .dataset(error)
    }
  }

  var count: Int { files.count }

  func check() throws { try decodeAll() }

  func name(_ index: Int) -> String { files[index] }

  func fingerprint() throws(ScoringError) -> String {
    var hash = SHA256()
    for file in files {
      let bytes = try inScoringTerms { try readFile(file) }
      // The length keeps apart what lies in one file and what in the next.
      hash.update(littleEndianBytes(UInt64(bytes.count)))
      hash.update(bytes)
    }
    return hash.hexDigest()
  }

  func picture(_ index: Int) throws(ScoringError) -> Picture {
    let bytes = try inScoringTerms { try readFile(files[index]) }
    return try decoded(bytes, name: files[index])
  }
}

/// The picture in a PNG or JPEG.
func decoded(_ bytes: [UInt8], name: String) throws(ScoringError) -> Picture {
  do { return try Picture(file: bytes) } catch {
    // The machine is at fault, not the file.
    if error.isOfMachine { throw .image(error) }
    throw .badPicture(name: name, reason: "\(error)")
  }
}
