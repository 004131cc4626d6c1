import DiffusionText

/// The format and path of a converted checkpoint.
public enum CheckpointDestination: Sendable, Equatable {
  /// A safetensors file that describes itself.
  case safetensors(String)
  /// A `.pt` for PyTorch.
  case torch(String)
  /// A folder that diffusers loads, without the `/` at the end.
  case diffusers(String)

  /// Parses the output path of a conversion.
  ///
  /// - Parameters:
  ///   - path: as typed.
  ///   - input: the file to convert, for the error's example.
  init(_ path: String, from input: String) throws(UsageError) {
    let name = path.lowercased()
    if name.hasSuffix("/"), let end = path.lastIndex(where: { $0 != "/" }) {
      self = .diffusers(String(path[...end]))
    } else if name.hasSuffix(".safetensors") {
      self = .safetensors(path)
    } else if name.hasSuffix(".pt") || name.hasSuffix(".pth") {
      self = .torch(path)
    } else {
      throw UsageError(
        verbatim: """
          sample convert writes .safetensors, .pt, .pth and, if its name ends with /, a folder for diffusers, not \
          \(sanitized(path)); type for instance \
          sample convert \(advised(operand(input))) \(advised(operand(path) + ".safetensors"))
          """)
    }
  }
}
