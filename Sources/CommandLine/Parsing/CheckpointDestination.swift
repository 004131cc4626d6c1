import DiffusionText

/// What a checkpoint is written as.
public enum CheckpointDestination: Sendable, Equatable {
  /// A safetensors file that describes itself.
  case safetensors(String)
  /// A `.pt` for PyTorch.
  case torch(String)

  /// Reads the name of the file that `input` is to become.
  init(_ path: String, from input: String) throws(UsageError) {
    let name = path.lowercased()
    if name.hasSuffix(".safetensors") {
      self = .safetensors(path)
    } else if name.hasSuffix(".pt") || name.hasSuffix(".pth") {
      self = .torch(path)
    } else {
      throw UsageError(
        "sample convert writes .safetensors, .pt and .pth, not \(path); type for instance \(shellLine(["sample", "convert", input, path + ".safetensors"]))"
      )
    }
  }
}
