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
    /// It is kept, and the command refused, since it is not what --resume would go on with: the log of a run, say.
    case foreign(expected: String)
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
    let sources = try sources()
    let images = try each.map { each in
      Set(try imagesThatExist(each.pattern, each.indices).map { FileIdentity(each.pattern.path(for: $0)) })
    }
    for output in outputs where output.path != "-" {
      let (option, path) = (output.option, output.path)
      guard !path.utf8.contains(0) else { throw OutputError.nul(option: option) }
      let identity = FileIdentity(path)
      if let source = sources[identity] {
        throw OutputError.replacesInput(option: option, path: path, input: source)
      }
      if images?.contains(identity) == true { throw OutputError.sameFile("--out", option, path: path) }
      if let other = seen.first(where: { $0.identity == identity })?.option {
        throw OutputError.sameFile(other, option, path: path)
      }
      if let each, isOne(of: each, path) { throw OutputError.sameFile("--out", option, path: path) }
      seen.append((identity, option))
      try Self.checkPlace(of: path, option, output.existing)
    }
    if let each { try checkEach(each.pattern, each.indices, sources) }
  }

  /// Checks that a file that will be written later, maybe in a folder that is still to be made, replaces none that is
  /// read.
  ///
  /// - Throws: `OutputError.replacesInput`, `FileError`.
  public func checkNotRead(_ option: String, _ path: String) throws {
    if let input = try sources()[FileIdentity(path)] {
      throw OutputError.replacesInput(option: option, path: path, input: input)
    }
  }

  /// The files that are read, with the options that name them. Of a folder, what belongs to it: its files, and, if
  /// diffusers has saved it, those in its parts. Pictures and arrays in it are read only if they are named, and may be
  /// what an earlier command drew.
  private func sources() throws -> [FileIdentity: String] {
    var sources: [FileIdentity: String] = [:]
    for input in inputs {
      sources[FileIdentity(input.path)] = input.option
      guard try kind(ofPath: input.path) == .folder else { continue }
      let folder = input.path + "/"
      var parts = [folder]
      if try kind(ofPath: folder + "model_index.json") == .file {
        parts += try namesInFolder(folder).filter { try kind(ofPath: folder + $0) == .folder }.map { folder + $0 + "/" }
      }
      for part in parts {
        for name in try namesInFolder(part) where !Self.isDrawn(name) {
          sources[FileIdentity(part + name)] = input.option
        }
      }
    }
    return sources
  }

  private static func isDrawn(_ name: String) -> Bool {
    [".png", ".npz", ".npy", ".tar"].contains { name.lowercased().hasSuffix($0) }
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
    guard try kind(ofPath: path) == .file else { return }
    switch existing {
    case .replace, .append: break
    case .keep(let canResume): throw OutputError.exists(option: option, path: path, canResume: canResume)
    case .foreign(let expected): throw OutputError.foreign(option: option, path: path, expected: expected)
    }
  }

  private func checkEach(
    _ pattern: OutputPattern, _ indices: ImageIndices, _ sources: [FileIdentity: String]
  ) throws {
    guard let first = indices.first else { return }
    let path = pattern.path(for: first)
    if let input = inputs.first(where: { isOne(of: (pattern, indices), $0.path) }) {
      throw OutputError.replacesInput(option: "--out", path: input.path, input: input.option)
    }
    // The same file under another name.
    for path in try imagesThatExist(pattern, indices).map({ pattern.path(for: $0) }) {
      if let input = sources[FileIdentity(path)] {
        throw OutputError.replacesInput(option: "--out", path: path, input: input)
      }
    }
    // The folder is made when drawing begins: what matters is the nearest one that is there.
    var folder = folderAndName(path).folder
    while !folder.isEmpty, try kind(ofPath: folder) == .nothing {
      folder = folderAndName(String(folder.reversed().drop { $0 == "/" }.reversed())).folder
    }
    if !folder.isEmpty, try kind(ofPath: folder) != .folder { throw OutputError.noFolder(option: "--out", folder) }
    if let obstacle = obstacle(toWriting: folder + folderAndName(path).name) {
      guard case .refused(_, let action, let reason) = obstacle else { throw obstacle }
      throw FileError.refused(path: path, action: action, reason: reason)
    }
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
