import DiffusionText

/// What of a picture's path names its class.
public enum ClassSource: String, Sendable, Equatable, Codable, CaseIterable {
  /// The file's name up to its first `_`, as in improved-diffusion.
  case names
  /// The innermost folder.
  case folders
}

/// The classes of pictures in folders. A run records which of the two named them, so that it goes on with the same.
///
/// If the source is not stated:
///
/// * names that all begin with their folder's name, and names that differ only in how a camera counts (`IMG_1.jpg`,
///   `20250131_1.jpg`), name no classes;
/// * if all files have a prefix, and at least half of the prefixes occur in several folders (in several files, if there
///   is only one folder), or some pictures lie in no folder, prefixes name the classes: `part1/cat_1.png`,
///   `part2/cat_2.png`;
/// * otherwise the innermost folder does: `train/cat/1.png`, `val/cat/2.png`. If all of those are called like parts of
///   a data set (`cat/images/1.jpg`), the folder around them does.
struct FolderClasses {
  let labels: [Int]
  let names: [String]
  let source: ClassSource

  /// - Parameter files: paths inside the data's folder.
  /// - Returns: nil if the file at `missing` has no class.
  init?(_ files: [Substring], source stated: ClassSource?, missing: inout Int) {
    let prefixes = files.map(Self.prefix)
    let folders = Self.folders(files)
    let nameless = prefixes.firstIndex { $0 == nil }
    let rootless = folders.firstIndex { $0 == nil }
    let chosen: ClassSource
    switch (nameless == nil, rootless == nil, stated) {
    case (_, _, .names?): chosen = .names
    case (_, _, .folders?): chosen = .folders
    case (true, true, nil):
      chosen = Self.prefixesAreClasses(files, prefixes.compactMap { $0 }) ? .names : .folders
    case (true, false, nil) where !Self.areCounters(prefixes.compactMap { $0 }): chosen = .names
    case (false, false, nil): chosen = .names
    default: chosen = .folders
    }
    guard let missingOne = chosen == .names ? nameless : rootless else {
      let found = (chosen == .names ? prefixes : folders).compactMap { $0 }
      (labels, names) = Self.numbered(found)
      source = chosen
      return
    }
    missing = missingOne
    return nil
  }

  /// The classes that earlier versions saw: those of the outermost folders, if all pictures are in one, or prefixes.
  init?(asBefore files: [Substring], missing: inout Int) {
    let areFolders = files.allSatisfy { $0.contains("/") }
    let found = files.map { file -> Substring? in areFolders ? file.prefix { $0 != "/" } : Self.prefix(file, least: 0) }
    if let nameless = found.firstIndex(where: { $0 == nil }) {
      missing = nameless
      return nil
    }
    (labels, names) = Self.numbered(found.compactMap { $0 })
    source = areFolders ? .folders : .names
  }

  /// Sorted names are numbered from 0.
  private static func numbered(_ classes: [Substring]) -> ([Int], [String]) {
    let names = Set(classes).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let numbers = Dictionary(uniqueKeysWithValues: zip(names, 0...))
    return (classes.compactMap { numbers[$0] }, names.map(String.init))
  }

  /// The file's name up to the first `_`; nil if it has none, or nothing before it.
  private static func prefix(_ file: Substring) -> Substring? { prefix(file, least: 1) }

  private static func prefix(_ file: Substring, least: Int) -> Substring? {
    let name = file.lastIndex(of: "/").map { file[file.index(after: $0)...] } ?? file
    guard let end = name.firstIndex(of: "_") else { return nil }
    return name[..<end].utf8.count >= least ? name[..<end] : nil
  }

  /// The innermost folder of each file that is not called, in all paths alike, like a part of a data set.
  private static func folders(_ files: [Substring]) -> [Substring?] {
    let paths = files.map { Array($0.split(separator: "/").dropLast()) }
    var depth = 1
    while paths.allSatisfy({ $0.count > depth && isPart($0[$0.count - depth]) }) { depth += 1 }
    return paths.map { $0.count >= depth ? $0[$0.count - depth] : nil }
  }

  /// Whether a folder is called like a part of a data set: `train`, `part1`, `images`.
  static func isPart(_ name: some StringProtocol) -> Bool {
    var word = name.lowercased()[...]
    while let last = word.last, last.isNumber || "-_. ".contains(last) { word = word.dropLast() }
    return isSplit(word)
      || [
        "part", "shard", "batch", "fold", "chunk", "set", "subset", "images", "image", "imgs", "img", "pictures",
        "photos", "data", "jpg", "jpeg", "png",
      ].contains(word)
  }

  /// Whether a name is that of a split: `train`, `val`, `test`.
  static func isSplit(_ name: some StringProtocol) -> Bool {
    ["train", "training", "val", "valid", "validation", "test", "testing", "dev", "eval"].contains(name.lowercased())
  }

  /// Whether prefixes are those that cameras, browsers and the like number files with, or dates.
  private static func areCounters(_ prefixes: [Substring]) -> Bool {
    Set(prefixes).allSatisfy { prefix in
      prefix.utf8.count >= 6 && prefix.allSatisfy(\.isNumber)
        || [
          "img", "image", "imgs", "images", "dsc", "dscn", "dscf", "pxl", "mvi", "photo", "photos", "pic", "picture",
          "frame", "screenshot", "scan", "p", "wp", "gopr", "dji", "vid", "video", "file", "sample", "ilsvrc2012",
        ].contains(prefix.lowercased()) || isSplit(prefix)
    }
  }

  private static func prefixesAreClasses(_ files: [Substring], _ prefixes: [Substring]) -> Bool {
    let folders = files.map { file -> Substring in file.lastIndex(of: "/").map { file[..<$0] } ?? "" }
    let areFoldersNames = files.allSatisfy { file in
      let parts = file.split(separator: "/")
      return parts.count > 1 && parts[parts.count - 1].hasPrefix(parts[parts.count - 2])
    }
    if areFoldersNames || areCounters(prefixes) { return false }
    let isOneFolder = Set(folders).count == 1
    var places: [Substring: Set<Substring>] = [:]
    for (prefix, place) in zip(prefixes, isOneFolder ? files : folders) { places[prefix, default: []].insert(place) }
    if places.count == 1 {
      return !isOneFolder && Set(folders).allSatisfy { isPart($0.split(separator: "/").last ?? "") }
    }
    return 2 * places.values.count { $0.count > 1 } >= places.count
  }
}
