import DiffusionFiles
import Sampling

/// The files that a command reads and writes. What would destroy something, or fail after hours, is refused before the
/// command begins: a file that is read, or written twice; a file that is there already; a folder that is missing or
/// cannot be written to.
public struct CommandFiles {
  /// A file and the option that names it.
  private struct Named {
    let option: String
    let path: String
  }

  /// A file to be written.
  private struct Written {
    let option: String
    let path: String
    let existing: Existing
  }

  /// What may be done with a file that is there already.
  public enum Existing: Sendable {
    /// It is replaced, as `cp` would.
    case replace
    /// It is appended to.
    case append
    /// It is kept, and the command refused; it may be one that --resume goes on with.
    case keep(canResume: Bool = false)
  }

  private var inputs: [Named] = []
  private var outputs: [Written] = []
  private var each: (pattern: OutputPattern, indices: ImageIndices)?

  /// None yet.
  public init() {}

  /// Adds a file that is read; nil and `-` are none.
  public mutating func read(_ option: String, _ path: String?) {
    if let path, path != "-" { inputs.append(Named(option: option, path: path)) }
  }

  /// Adds a file to be written, or `-`, standard output; nil is none.
  public mutating func write(_ option: String, _ path: String?, ifThere existing: Existing) {
    if let path { outputs.append(Written(option: option, path: path, existing: existing)) }
  }

  /// Adds the files of `--out`, one for each image.
  mutating func writeEach(_ pattern: OutputPattern, _ indices: ImageIndices) { each = (pattern, indices) }

  /// - Throws: `OutputError`, `FileError`.
  public func check() throws {
    let printed = outputs.filter { $0.path == "-" }
    if printed.count > 1 { throw OutputError.mixedOutput(printed[0].option, printed[1].option) }
    var seen: [(identity: FileIdentity, option: String)] = []
    let sources = inputs.map { (identity: FileIdentity($0.path), option: $0.option) }
    for output in outputs where output.path != "-" {
      let (option, path) = (output.option, output.path)
      guard !path.utf8.contains(0) else { throw OutputError.nul(option: option) }
      let identity = FileIdentity(path)
      if let source = sources.first(where: { $0.identity == identity }) {
        throw OutputError.replacesInput(option: option, path: path, input: source.option)
      }
      if let other = seen.first(where: { $0.identity == identity })?.option {
        throw OutputError.sameFile(other, option, path: path)
      }
      if let each, isOne(of: each, path) { throw OutputError.sameFile("--out", option, path: path) }
      seen.append((identity, option))
      try Self.checkPlace(of: path, option, output.existing)
    }
    if let each { try checkEach(each.pattern, each.indices) }
  }

  private func isOne(of each: (pattern: OutputPattern, indices: ImageIndices), _ path: String) -> Bool {
    guard let folder = each.pattern.folder else { return false }
    let (above, name) = folderAndName(path)
    guard let image = each.pattern.image(of: folder + name), each.indices.contains(image: image) else { return false }
    return FileIdentity(above.isEmpty ? "." : above) == FileIdentity(folder.isEmpty ? "." : folder)
  }

  private static func checkPlace(of path: String, _ option: String, _ existing: Existing) throws {
    try requireFolder(of: path, option)
    var appends = false
    if case .append = existing { appends = true }
    if let obstacle = obstacle(toWriting: path, appends: appends) { throw obstacle }
    if case .keep(let canResume) = existing, try kind(ofPath: path) == .file {
      throw OutputError.exists(option: option, path: path, canResume: canResume)
    }
  }

  private func checkEach(_ pattern: OutputPattern, _ indices: ImageIndices) throws {
    guard let first = indices.first else { return }
    let path = pattern.path(for: first)
    if let input = inputs.first(where: { isOne(of: (pattern, indices), $0.path) }) {
      throw OutputError.replacesInput(option: "--out", path: input.path, input: input.option)
    }
    // The folder is made when drawing begins: what matters is the nearest one that is there.
    var folder = folderAndName(path).folder
    while !folder.isEmpty, try kind(ofPath: folder) == .nothing {
      folder = folderAndName(String(folder.reversed().drop { $0 == "/" }.reversed())).folder
    }
    if !folder.isEmpty, try kind(ofPath: folder) != .folder { throw OutputError.noFolder(option: "--out", folder) }
    if let obstacle = obstacle(toWriting: folder + folderAndName(path).name) { throw obstacle }
  }
}

/// Checks that the folder of a file exists.
///
/// - Throws: `OutputError.noFolder`.
private func requireFolder(of path: String, _ option: String) throws {
  var folder = folderAndName(path).folder
  while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
  if !folder.isEmpty, try kind(ofPath: folder) != .folder { throw OutputError.noFolder(option: option, folder) }
}
