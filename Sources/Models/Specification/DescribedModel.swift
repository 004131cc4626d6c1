import DiffusionCheckpoints
import DiffusionFiles
import TensorCore

/// What stands beside a model's tensors about it, and in which file.
public struct DescribedModel: Sendable {
  /// What is said.
  public var description: ModelDescription
  /// Where.
  public let file: String

  /// What is known of the model in `state`, read from `path` if it was: from its metadata (`config`), or else from a JSON file
  /// beside it, `model.pt.json` or `model.json` for `model.pt`; nil if there is none.
  ///
  /// - Throws: `CheckpointError` where such a file exists but cannot be used.
  public static func read(_ state: StateDict, path: String?) throws(CheckpointError) -> DescribedModel? {
    if let config = state.metadata["config"] {
      return DescribedModel(
        description: try ModelDescription(json: config, file: state.name), file: state.name)
    }
    guard let path else { return nil }
    for candidate in [path + ".json", withoutExtension(path) + ".json"] where candidate != path {
      guard try checkpointKind(ofPath: candidate) != .nothing else { continue }
      let file = try MappedFile(checkpoint: candidate)
      return DescribedModel(
        description: try ModelDescription(json: file.text(0, file.count) ?? "", file: candidate), file: candidate)
    }
    return nil
  }

  private static func withoutExtension(_ path: String) -> String {
    let index = ".safetensors.index.json"
    if path.hasSuffix(index) { return String(path.dropLast(index.count)) }
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return path }
    return String(path.dropLast(name.distance(from: dot, to: name.endIndex)))
  }
}
