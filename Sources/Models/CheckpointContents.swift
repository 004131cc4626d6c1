import DiffusionCheckpoints

/// A checkpoint whose family is not yet known: its tensors, named as in the file, and where they were read from.
public struct CheckpointContents: Sendable {
  /// The tensors.
  public let state: StateDict
  /// The file that the tensors were read from; nil if they are embedded in the program.
  public let path: String?
  /// The name used in messages: the file, or the folder that a code base saved.
  public let name: String
  /// The model's description, from the checkpoint's metadata or a sidecar file; nil if there is none.
  public let described: DescribedModel?
  /// What should be said of the choice among several files, a phrase each.
  public private(set) var remarks: [String] = []

  /// Creates the contents from the tensors in `state`.
  ///
  /// - Parameters:
  ///   - state: the tensors.
  ///   - path: the file that they were read from; nil if they are embedded in the program.
  ///   - name: the name used in messages; nil for that of `state`.
  /// - Throws: `CheckpointError` if a description next to the checkpoint cannot be read.
  public init(_ state: StateDict, path: String?, name: String? = nil) throws(CheckpointError) {
    (self.state, self.path, self.name) = (state, path, name ?? state.name)
    described = try DescribedModel.read(state, path: path)
  }

  /// Reads the checkpoint at `path`: any file that `StateDict.read(path:)` reads, the folder of a training run, or a
  /// folder that one of `families` recognises.
  ///
  /// - Throws: `CheckpointError`.
  public init(path: String, families: [any ModelFamily.Type] = ModelFamilies.all) throws(CheckpointError) {
    let place = try Self.place(path, families)
    let state: StateDict
    do throws(CheckpointError) {
      state = try StateDict.read(path: place.file, signatures: ModelFamilies.signatures(families))
    } catch { throw error.inRun(path) }
    try self.init(state, path: place.file, name: place.name)
    remarks = place.remarks
  }

  /// The file that holds the tensors, and the checkpoint's name in messages.
  private static func place(
    _ path: String, _ families: [any ModelFamily.Type]
  ) throws(CheckpointError) -> (file: String, name: String, remarks: [String]) {
    guard try checkpointKind(ofPath: path) == .folder else {
      guard let folder = families.lazy.compactMap({ $0.folder(of: path) }).first else { return (path, path, []) }
      return try place(folder, families)
    }
    // The run may save newer checkpoints, so messages name the file.
    do throws(CheckpointError) {
      if let drawn = try DrawnWeights(in: path) { return (drawn.path, drawn.path, drawn.remarks) }
    } catch { throw error.inRun(path) }
    for family in families {
      if let file = try family.weights(inFolder: path) { return (file, path, []) }
    }
    throw try .noModel(inFolder: path)
  }
}

/// A checkpoint as its family reads it.
public struct FamilyCheckpoint: Sendable {
  /// The name used in messages.
  public let name: String
  /// The tensors under the names that the network requests.
  public let state: StateDict
  /// The model's description, from metadata, a sidecar file or a folder's configuration; nil if there is none.
  public let described: DescribedModel?
  /// The naming scheme of the file's tensors if it is not the network's: for instance `diffusers' names`.
  public let namesInFile: String?
  /// The names in the file of a tensor, or of the parts that it is assembled from; nil if its name is the same.
  private let parts: @Sendable (_ name: String) -> [String]?

  /// Creates the checkpoint from `contents` and what the family changes in them.
  ///
  /// - Parameters:
  ///   - contents: the checkpoint as it was read.
  ///   - state: the tensors under the names that the network requests; nil if unchanged.
  ///   - described: the description in the code base's own files; nil if there is none.
  ///   - namesInFile: the naming scheme of the file's tensors.
  ///   - parts: the names in the file for a name that the network requests; nil if it is the same.
  public init(
    _ contents: CheckpointContents, state: StateDict? = nil, described: DescribedModel? = nil,
    namesInFile: String? = nil, parts: @escaping @Sendable (_ name: String) -> [String]? = { _ in nil }
  ) {
    name = contents.name
    self.state = state ?? contents.state
    self.described = described ?? contents.described
    (self.namesInFile, self.parts) = (namesInFile, parts)
  }

  /// The error with the tensor names that the file uses.
  public func inFileTerms(_ error: CheckpointError) -> CheckpointError {
    func inFile(_ name: String) -> String { parts(name)?.joined(separator: " + ") ?? name }
    return switch error {
    case .missingTensor(let file, let name, let shape): .missingTensor(file: file, name: inFile(name), shape: shape)
    case .wrongShape(let file, let name, let found, let needed):
      .wrongShape(file: file, name: inFile(name), found: found, needed: needed)
    // Layers do not know which file they are built from.
    case .groups(_, let name, let channels, let groups):
      .groups(file: self.name, name: inFile(name), channels: channels, groups: groups)
    default: error
    }
  }
}
