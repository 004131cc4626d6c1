import DiffusionCheckpoints

/// A checkpoint before it is known whose it is: its tensors under the names that they have in the file, and where it was read from.
public struct CheckpointContents: Sendable {
  /// The tensors.
  public let state: StateDict
  /// The file that they were read from; nil if they are part of the program.
  public let path: String?
  /// What messages call it: the file, or the folder that a code base saved.
  public let name: String
  /// What a file beside the checkpoint, or its metadata, says of the model in the words of `ModelDescription`.
  public let described: DescribedModel?

  /// The checkpoint in `state`, read from `path` if it was.
  ///
  /// - Parameters:
  ///   - state: the tensors.
  ///   - path: the file; nil if they are part of the program.
  ///   - name: what messages call it; the name of `state` if nil.
  /// - Throws: `CheckpointError` where a description beside it cannot be read.
  public init(_ state: StateDict, path: String?, name: String? = nil) throws(CheckpointError) {
    (self.state, self.path, self.name) = (state, path, name ?? state.name)
    described = try DescribedModel.read(state, path: path)
  }

  /// Reads the checkpoint at `path`: a file of any kind that `StateDict.read(path:)` reads, the folder of a run of training, or a folder that
  /// one of `families` knows.
  ///
  /// - Throws: `CheckpointError`.
  public init(path: String, families: [any ModelFamily.Type] = ModelFamilies.all) throws(CheckpointError) {
    let (file, name) = try Self.place(path, families)
    try self.init(try StateDict.read(path: file), path: file, name: name)
  }

  /// The file of the tensors, and what messages call the checkpoint.
  private static func place(
    _ path: String, _ families: [any ModelFamily.Type]
  ) throws(CheckpointError) -> (file: String, name: String) {
    guard try checkpointKind(ofPath: path) == .folder else { return (path, path) }
    // A run goes on: what was drawn with is the file.
    if let latest = try RunFolder.latestModel(in: path) { return (latest, latest) }
    for family in families {
      if let file = try family.weights(inFolder: path) { return (file, path) }
    }
    throw .folder(file: path)
  }
}

/// A checkpoint as its family sees it.
public struct FamilyCheckpoint: Sendable {
  /// What messages call it.
  public let name: String
  /// The tensors under the names that the network asks for.
  public let state: StateDict
  /// What metadata, a file beside the checkpoint or a folder's configuration says of the model.
  public let described: DescribedModel?
  /// Whose names the tensors have in the file, if those are not the network's: for instance `diffusers'`.
  public let namesInFile: String?
  /// The names that a tensor, or the parts it is made of, have in the file.
  private let parts: @Sendable (_ name: String) -> [String]?

  /// The checkpoint in `contents`, with what differs from there.
  ///
  /// - Parameters:
  ///   - contents: the checkpoint as it was read.
  ///   - state: the tensors under the names that the network asks for.
  ///   - described: what a code base's own files say of the model.
  ///   - namesInFile: whose names the tensors have in the file.
  ///   - parts: the names in the file of what the network asks for under a name; nil where that is the same.
  public init(
    _ contents: CheckpointContents, state: StateDict? = nil, described: DescribedModel? = nil,
    namesInFile: String? = nil, parts: @escaping @Sendable (_ name: String) -> [String]? = { _ in nil }
  ) {
    name = contents.name
    self.state = state ?? contents.state
    self.described = described ?? contents.described
    (self.namesInFile, self.parts) = (namesInFile, parts)
  }

  /// The error in terms of the file: with the names that the tensors have there.
  public func inFileTerms(_ error: CheckpointError) -> CheckpointError {
    func inFile(_ name: String) -> String { parts(name)?.joined(separator: " + ") ?? name }
    return switch error {
    case .missingTensor(let file, let name, let shape): .missingTensor(file: file, name: inFile(name), shape: shape)
    case .wrongShape(let file, let name, let found, let needed):
      .wrongShape(file: file, name: inFile(name), found: found, needed: needed)
    default: error
    }
  }
}
