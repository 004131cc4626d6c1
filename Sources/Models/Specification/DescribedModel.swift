import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import TensorCore

/// The description of a model, and the file that gives it.
public struct DescribedModel: Sendable {
  /// The description.
  public var description: ModelDescription
  /// The file that gives it.
  public let file: String
  /// The files of settings that another one gives, by their keys.
  public var otherFiles: [String: String] = [:]
  /// Settings that are given but not followed in sampling.
  public var unfollowed: [ResolvedSetting] = []

  /// A description that `file` gives.
  public init(description: ModelDescription, file: String) { (self.description, self.file) = (description, file) }

  /// The file that gives the setting `key`.
  public func file(of key: String) -> String { otherFiles[key] ?? file }

  /// Reads the description of the model in `state`, which was read from `path` if that is not nil: from its metadata
  /// (`config`), otherwise from a JSON sidecar file, `model.pt.json` or `model.json` for `model.pt`. Nil if there is
  /// none.
  ///
  /// - Throws: `CheckpointError` if there is a description that cannot be used.
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

extension DescribedModel {
  /// The process by the β that a module around the network keeps beside it; nil if there are none.
  static func process(beside contents: CheckpointContents) -> DescribedModel? {
    guard let betas = contents.state.neighbour("betas")?.values.map(Double.init), betas.count > 1 else { return nil }
    var description = ModelDescription()
    description.diffusionSteps = betas.count
    if let (first, last) = linearEnds(of: betas) {
      (description.noiseSchedule, description.betaStart, description.betaEnd) = ("linear", first, last)
    } else if let (first, last) = linearEnds(of: betas, inSquareRoots: true) {
      (description.noiseSchedule, description.betaStart, description.betaEnd) = ("scaled_linear", first, last)
    } else {
      description.trainedBetas = betas
    }
    return DescribedModel(description: description, file: contents.name)
  }
}
