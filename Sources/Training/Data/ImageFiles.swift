import DiffusionFiles
import DiffusionPlatform

/// The pictures in a folder and its subfolders, found by the endings of their names; what is in them is not looked at.
public struct ImageFiles {
  /// The paths, sorted by name at each level.
  public private(set) var paths: [String] = []
  /// The number of pictures in formats that are not read, by ending.
  private(set) var others: [String: Int] = [:]
  /// The folders of training runs, which are left out, and the pictures in them.
  private(set) var runs = (folders: 0, pictures: 0)
  private let root: String
  private let endings: Set<String>

  private static let pictureEndings: Set = [".png", ".jpg", ".jpeg", ".jpe", ".jfif"]
  private static let otherEndings: Set = [
    ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".ppm", ".pgm", ".pnm", ".svg",
    ".psd", ".tga", ".ico", ".exr", ".hdr", ".dng", ".cr2", ".nef", ".arw", ".raw", ".dcm",
  ]
  /// Folders that systems leave beside one's own: those of macOS's archives and of Synology's thumbnails.
  private static let systemFolders: Set = ["__MACOSX", "@eaDir"]

  /// - Parameters:
  ///   - folder: the folder.
  ///   - asBefore: whether to see only PNGs, as versions did that read nothing else.
  /// - Throws: `DatasetError`, also if there are no pictures.
  public init(folder: String, asBefore: Bool = false) throws(DatasetError) {
    root = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    endings = asBefore ? [".png"] : Self.pictureEndings
    try search(root, inside: [], isRun: false)
    if paths.isEmpty {
      throw .files(path: folder, .noPictures(others: others, ofRuns: runs.pictures))
    }
  }

  /// Whether a file in an archive would be found in a folder: by the ending of its name, and unless it is hidden.
  public static func isPicture(_ path: String) -> Bool {
    let (name, parts) = (path.lowercased(), path.split(separator: "/").filter { $0 != "." })
    return pictureEndings.contains { name.hasSuffix($0) }
      && parts.allSatisfy { !$0.hasPrefix(".") && !systemFolders.contains(String($0)) }
  }

  /// The identity of a folder, for detecting a link to a folder that contains it.
  private struct Identity: Hashable {
    let device: UInt64
    let number: UInt64
  }

  private mutating func search(_ folder: String, inside parents: Set<Identity>, isRun: Bool) throws(DatasetError) {
    var status = stat()
    guard stat(folder, &status) == 0 else {
      throw .file(.refused(path: folder, action: "be read", reason: String(cString: strerror(errno))))
    }
    let identity = Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    guard !parents.contains(identity) else { return }
    let names: [String]
    do { names = try namesInFolder(folder) } catch { throw .file(error) }
    let holdsRun = names.contains(RunRecord.file)
    // The data's own folder may be that of a run too: then only what the run has drawn is left out.
    let isTop = parents.isEmpty
    if holdsRun && !isTop && !isRun { runs.folders += 1 }
    for name in names where !Self.systemFolders.contains(name) {
      let path = "\(folder)/\(name)"
      if name.contains("\u{FFFD}"), (try? kind(ofPath: path)) == .nothing { throw .files(path: path, .notUTF8(root)) }
      if Self.isFolder(path) {
        let isDrawn = isTop && holdsRun && name == "samples"
        if isDrawn { runs.folders += 1 }
        try search(path, inside: parents.union([identity]), isRun: isRun || holdsRun && !isTop || isDrawn)
      } else {
        note(path, name, isRun: isRun || holdsRun && !isTop)
      }
    }
  }

  private mutating func note(_ path: String, _ name: String, isRun: Bool) {
    guard let dot = name.lastIndex(of: ".") else { return }
    let ending = name[dot...].lowercased()
    if endings.contains(ending) {
      if isRun { runs.pictures += 1 } else { paths.append(path) }
    } else if !isRun && Self.otherEndings.contains(ending) {
      others[ending, default: 0] += 1
    }
  }

  /// What leads nowhere is no folder: reading it says why.
  private static func isFolder(_ path: String) -> Bool { (try? kind(ofPath: path)) == .folder }

  /// The paths inside the folder.
  var parts: [Substring] { paths.map { $0.dropFirst(root.count + 1) } }
}
