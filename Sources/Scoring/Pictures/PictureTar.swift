import DiffusionBytes
import DiffusionFiles
import DiffusionImages

/// The PNGs and JPEGs in a tar archive, in its order.
struct PictureTar: PictureSource {
  private let file: MappedFile
  private let entries: [TarEntry]

  init(_ file: MappedFile) throws(ScoringError) {
    self.file = file
    let all: [TarEntry]
    do { all = try tarEntries(file.slice(0, file.count) ?? .init(start: nil, count: 0)) } catch {
      throw .tar(path: file.name, error)
    }
    entries = all.filter { entry in
      let name = entry.name.lowercased()
      return [".png", ".jpg", ".jpeg", ".jpe", ".jfif"].contains { name.hasSuffix($0) }
    }
    if entries.isEmpty { throw .notPictures(path: file.name) }
  }

  var path: String { file.name }
  var count: Int { entries.count }

  func check() throws { try decodeAll() }

  func name(_ index: Int) -> String { "\(path): \(entries[index].name)" }

  func fingerprint() throws(ScoringError) -> String { file.sha256() }

  func picture(_ index: Int) throws(ScoringError) -> Picture {
    let place = entries[index].place
    return try decoded(file.slice(place.lowerBound, place.count).map { [UInt8]($0) } ?? [], name: name(index))
  }
}

extension MappedFile {
  /// The SHA-256 of all bytes, in hexadecimal.
  func sha256() -> String {
    var hash = SHA256()
    if let bytes = slice(0, count) { hash.update(bytes) }
    release(0..<count)
    return hash.hexDigest()
  }
}
