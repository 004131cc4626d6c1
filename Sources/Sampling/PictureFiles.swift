import DiffusionBytes
import DiffusionFiles
import DiffusionImages

/// The files of pictures that an option names: a single one, or those in a folder, sorted by name. Picture k, counted
/// over all files, belongs to image k; they are cycled through.
struct PictureFiles {
  /// As named: a file or a folder.
  let path: String
  /// The files.
  let files: [String]
  /// Whether a folder is named.
  let isFolder: Bool
  /// How many files in the folder are pictures of formats that are not read.
  private var leftOut = 0
  /// The SHA-256 of each file.
  private var hashes: [String] = []
  /// How many pictures each file holds.
  private var counts: [Int] = []
  /// Of all files, one after another.
  private var all = SHA256()

  /// Finds the files; nothing is read yet.
  ///
  /// - Throws: `SamplingError`, also if there is none in the folder.
  init(_ option: String, _ path: String) throws(SamplingError) {
    self.path = path
    isFolder = try inSamplingTerms({ () throws(FileError) in try kind(ofPath: path) }) == .folder
    guard isFolder else {
      files = [path]
      return
    }
    let names = try inSamplingTerms { () throws(FileError) in try namesInFolder(path) }
    let found = names.filter { name in Self.endings.contains { name.lowercased().hasSuffix($0) } }
    guard !found.isEmpty else {
      throw .request(
        "--\(option): \(path) holds no \(Self.endings.joined(separator: ", ")); type a folder that does")
    }
    leftOut = names.filter { name in Self.otherEndings.contains { name.lowercased().hasSuffix($0) } }.count
    files = found.map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
  }

  /// What the names of pictures in a folder end in.
  private static let endings = [".png", ".jpg", ".jpeg", ".npy", ".npz"]

  /// What the names of pictures end in that are not read.
  private static let otherEndings = [
    ".webp", ".heic", ".heif", ".avif", ".jxl", ".gif", ".bmp", ".tif", ".tiff",
  ]

  /// Notes that the next file has these bytes and holds that many pictures.
  mutating func add(_ bytes: [UInt8], pictures: Int) {
    all.update(bytes)
    hashes.append(sha256(bytes))
    counts.append(pictures)
  }

  /// How many pictures there are.
  var count: Int { counts.reduce(0, +) }

  /// What should be known of which pictures of a folder are used for that many images, a phrase each.
  func remarks(images: Int) -> [String] {
    guard isFolder else { return [] }
    var remarks: [String] = []
    if leftOut > 0 {
      remarks.append(
        """
        \(path): leaves out \(leftOut) \(leftOut == 1 ? "picture, which is" : "pictures, which are") no \
        \(Self.endings.joined(separator: ", "))
        """)
    }
    if images < count { remarks.append("\(path): uses \(images) of \(count) pictures; leave --count out to use all") }
    if images > count {
      remarks.append("\(path): \(count) \(count == 1 ? "picture" : "pictures") for \(images) images, used in turn")
    }
    return remarks
  }

  /// The images that are drawn if no number is stated: one for each picture of a folder.
  var usualCount: Int? { isFolder ? count : nil }

  /// The file that an image, or for nil a sheet of all, is drawn from: its own, if each file holds one picture.
  func path(of image: Int?) -> String { own(image).map { files[$0] } ?? path }

  /// The SHA-256 of that file, or of all files, one after another.
  func hash(of image: Int?) -> String { own(image).map { hashes[$0] } ?? all.hexDigest() }

  private func own(_ image: Int?) -> Int? {
    guard let image, isFolder, counts.allSatisfy({ $0 == 1 }) else { return nil }
    return image % files.count
  }

  /// Where picture k is: its file, and its place in that.
  func place(ofPicture k: Int) -> (file: Int, row: Int) {
    var (file, row) = (0, k % count)
    while row >= counts[file] {
      row -= counts[file]
      file += 1
    }
    return (file, row)
  }
}

/// The SHA-256 of a file's bytes.
func sha256(_ bytes: [UInt8]) -> String {
  var hash = SHA256()
  hash.update(bytes)
  return hash.hexDigest()
}
