import DiffusionBytes
import DiffusionCheckpoints
import DiffusionFiles
import TensorCore

/// The files of a model saved by diffusers: `unet/` and `scheduler/` in a pipeline's folder, or all at the root in
/// older ones.
struct DiffusersFolder {
  private static let weightNames = [
    "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors.index.json",
    "diffusion_pytorch_model.bin",
  ]

  /// The folder that holds the weights; `.` is the current one.
  private let folder: String

  /// The weight file in the folder `path`.
  ///
  /// - Throws: `CheckpointError.folder` if there is none.
  static func weights(in path: String) throws(CheckpointError) -> String {
    for folder in [path + "/unet", path] {
      for name in weightNames where try checkpointKind(ofPath: "\(folder)/\(name)") != .nothing {
        return "\(folder)/\(name)"
      }
    }
    throw .folder(file: path)
  }

  /// The files around the weight file `weights`.
  init(weights: String) {
    let parts = weights.split(separator: "/", omittingEmptySubsequences: false)
    folder = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
  }

  /// The description in the configurations of network and scheduler; nil if there are none.
  ///
  /// - Throws: `CheckpointError` if one exists but cannot be read or is not supported.
  func description() throws(CheckpointError) -> DescribedModel? {
    let network = "\(folder)/config.json"
    guard try checkpointKind(ofPath: network) != .nothing else { return nil }
    var description = try decode(DiffusersConfiguration.self, network).description(file: network)
    for place in ["../scheduler/", "scheduler/", ""] {
      let scheduler = "\(folder)/\(place)scheduler_config.json"
      guard try checkpointKind(ofPath: scheduler) != .nothing else { continue }
      try decode(DiffusersScheduler.self, scheduler).describe(&description, file: scheduler)
      break
    }
    return DescribedModel(description: description, file: network)
  }

  private func decode<T: Decodable>(_ type: T.Type, _ path: String) throws(CheckpointError) -> T {
    let file = try MappedFile(checkpoint: path)
    do {
      return try decodeJSON(T.self, from: (file.text(0, file.count) ?? "").utf8, snakeCase: true)
    } catch {
      throw .descriptionNotJSON(file: path, reason: jsonReason(error))
    }
  }
}
