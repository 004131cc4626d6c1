import DiffusionFiles
import DiffusionPlatform

/// The PNGs in a folder and its subfolders.
struct ImageFiles {
  /// The paths, sorted by name at each level.
  private(set) var paths: [String] = []
  /// The number of images in other formats.
  private(set) var others = 0
  private let root: String

  /// - Throws: `DatasetError`, also if there are no PNGs.
  init(folder: String) throws(DatasetError) {
    root = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    try search(root, inside: [])
    if paths.isEmpty { throw .data(path: folder, .noPictures(others: others)) }
  }

  /// The identity of a folder, for detecting a link to a folder that contains it.
  private struct Identity: Hashable {
    let device: UInt64
    let number: UInt64
  }

  private mutating func search(_ folder: String, inside parents: Set<Identity>) throws(DatasetError) {
    let names: [String]
    do { names = try namesInFolder(folder) } catch { throw .file(error) }
    var status = stat()
    guard stat(folder, &status) == 0 else {
      throw .file(.refused(path: folder, action: "be read", reason: String(cString: strerror(errno))))
    }
    let identity = Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    guard !parents.contains(identity) else { return }
    for name in names {
      let path = "\(folder)/\(name)"
      let isFolder: Bool
      do { isFolder = try kind(ofPath: path) == .folder } catch { throw .file(error) }
      if isFolder {
        try search(path, inside: parents.union([identity]))
      } else if let dot = name.lastIndex(of: ".") {
        switch name[dot...].lowercased() {
        case ".png": paths.append(path)
        case ".jpg", ".jpeg", ".gif": others += 1
        default: break
        }
      }
    }
  }

  /// The class label of each file, and the names of the classes.
  ///
  /// - Throws: `DatasetError` if a file has no class.
  func classes() throws(DatasetError) -> (labels: [Int], names: [String]) {
    let parts = paths.map { $0.dropFirst(root.count + 1) }
    let areFolders = parts.allSatisfy { $0.contains("/") }
    var classes: [Substring] = []
    for (path, part) in zip(paths, parts) {
      let name = part.lastIndex(of: "/").map { part[part.index(after: $0)...] } ?? part
      let end = areFolders ? part.firstIndex(of: "/") : name.firstIndex(of: "_")
      guard let end else { throw .data(path: path, .noClass) }
      classes.append(areFolders ? part[..<end] : name[..<end])
    }
    let names = Set(classes).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let numbers = Dictionary(uniqueKeysWithValues: zip(names, 0...))
    return (classes.compactMap { numbers[$0] }, names.map(String.init))
  }
}
