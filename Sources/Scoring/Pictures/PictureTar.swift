import DiffusionBytes
import DiffusionFiles
import DiffusionImages
import DiffusionTraining

/// The PNGs and JPEGs in a tar archive, in its order.
struct PictureTar: EncodedPictures {
  private let file: MappedFile
  var entries: [TarEntry]
  var areKnownToBePictures = false

  init(_ file: MappedFile) throws(ScoringError) {
    self.file = file
    let all: [TarEntry]
    do { all = try tarEntries(file.slice(0, file.count) ?? .init(start: nil, count: 0)) } catch {
      throw .tar(path: file.name, error)
    }
    entries = all.filter { ImageFiles.isPicture($0.name) }
    if entries.isEmpty { throw .notPictures(path: file.name) }
  }

  var path: String { file.name }

  func name(_ index: Int) -> String { "\(path): \(entries[index].name)" }

  func fingerprint(progress: (Int, Int) -> Void) throws -> String {
    // Those that are left out are of the file, too.
    file.sha256(and: entries.flatMap { littleEndianBytes(UInt64($0.place.lowerBound)) })
  }

  func decode(_ index: Int) throws(ScoringError) -> Picture {
    let place = entries[index].place
    return try decoded(file.slice(place.lowerBound, place.count).map { [UInt8]($0) } ?? [], name: name(index))
  }
}

extension MappedFile {
  /// The SHA-256 of all bytes, and then of others, in hexadecimal.
  func sha256(and others: [UInt8] = []) -> String {
    var hash = SHA256()
    if let bytes = slice(0, count) { hash.update(bytes) }
    hash.update(others)
    release(0..<count)
    return hash.hexDigest()
  }
}
