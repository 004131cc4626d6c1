import DiffusionImages

/// The pictures of a folder, looked at one by one, and their classes.
struct FolderPictures {
  private(set) var paths: [String]
  private(set) var labels: [Int]?
  private(set) var classNames: [String]?
  private(set) var classSource: ClassSource?
  private(set) var facts = DataFacts()
  private(set) var bad: [BadPicture] = []
  private let folder: String

  /// - Throws: `DatasetError`.
  init(
    path: String, imageSize: Int, classes: Bool, options: DatasetOptions, progress: (Int, Int) -> Void
  ) throws(DatasetError) {
    folder = path
    let found = try ImageFiles(folder: path, asBefore: options.isAsBefore)
    paths = found.paths
    (facts.others, facts.runFolders, facts.runPictures) = (found.others, found.runs.folders, found.runs.pictures)
    // Before the look at all files, which takes longer. Classes do not depend on which of them are bad.
    if classes {
      var missing = 0
      let named =
        options.isAsBefore
        ? FolderClasses(asBefore: found.parts, missing: &missing)
        : FolderClasses(found.parts, source: options.classSource, missing: &missing)
      guard let named else {
        throw .files(path: paths[missing], .noClass(source: options.classSource))
      }
      (labels, classNames, classSource) = (named.labels, named.names, named.source)
    }
    let all = paths.count
    do { bad = try lookAt(paths, imageSize: imageSize, facts: &facts) { progress($0, all) } } catch {
      if case .image(let error) = error { throw .files(path: path, .machine(error)) }
      throw error
    }
    facts.bad = bad.count
    guard bad.isEmpty || options.skipsBad && bad.count < all else {
      throw .files(path: path, .bad(bad, of: all))
    }
    if !bad.isEmpty { leaveOutBad() }
  }

  private mutating func leaveOutBad() {
    let left = Set(bad.map(\.path))
    let kept = paths.indices.filter { !left.contains(paths[$0]) }
    labels = labels.map { labels in kept.map { labels[$0] } }
    paths = kept.map { paths[$0] }
  }

  /// The channels of the model's images.
  ///
  /// - Throws: `DatasetError` if the pictures have no such channels.
  func checkedChannels(_ wanted: Int?) throws(DatasetError) -> Int {
    let isGrey = facts.grey == paths.count
    guard let wanted else { return isGrey ? 1 : 3 }
    let hasAlpha = facts.withAlpha > 0
    switch wanted {
    case 1, 3: return wanted
    case 2 where hasAlpha && isGrey, 4 where hasAlpha: return wanted
    default:
      let colours = isGrey ? "grey pictures" : "pictures in colour"
      let found = colours + (hasAlpha ? " with alpha (\(isGrey ? 2 : 4) channels)" : " (\(isGrey ? 1 : 3) channels)")
      throw .files(path: folder, .channels(wanted, found: found))
    }
  }
}
