import DiffusionCheckpoints

/// A checkpoint: its tensors under the original's names, and what stands beside them.
public struct LoadedCheckpoint: Sendable {
  /// The tensors.
  public let state: StateDict
  /// What metadata, a file beside the checkpoint or a folder's configuration says of the model.
  public let described: DescribedModel?
  /// The names that the tensors have in the file, if those are diffusers'.
  public let diffusersNames: DiffusersNames?

  /// Reads the checkpoint at `path`: a file of any kind that `StateDict.read(path:)` reads, or a folder of diffusers.
  ///
  /// - Throws: `CheckpointError`.
  public static func read(path: String) throws(CheckpointError) -> LoadedCheckpoint {
    let weights = try checkpointKind(ofPath: path) == .folder ? DiffusersFolder.weights(in: path) : path
    return try LoadedCheckpoint(try StateDict.read(path: weights), path: weights)
  }

  /// - Parameter path: where the tensors were read from; nil if they are part of the program.
  /// - Throws: `CheckpointError`.
  public init(_ state: StateDict, path: String?) throws(CheckpointError) {
    diffusersNames = DiffusersNames(state.names)
    if let diffusersNames {
      self.state = try state.assembled(diffusersNames.assemblies(state.names))
      var described: DescribedModel?
      if let path { described = try DiffusersFolder(weights: path).description() }
      if described == nil { described = try DescribedModel.read(state, path: path) }
      self.described = described
    } else {
      self.state = state
      described = try DescribedModel.read(state, path: path)
    }
  }

  /// The error in terms of the file: with the names that the tensors have there.
  public func inFileTerms(_ error: CheckpointError) -> CheckpointError {
    func inFile(_ name: String) -> String { diffusersNames?.parts(of: name)?.joined(separator: " + ") ?? name }
    return switch error {
    case .missingTensor(let file, let name, let shape): .missingTensor(file: file, name: inFile(name), shape: shape)
    case .wrongShape(let file, let name, let found, let needed):
      .wrongShape(file: file, name: inFile(name), found: found, needed: needed)
    default: error
    }
  }
}
