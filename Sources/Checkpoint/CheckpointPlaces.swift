import DiffusionFiles
import DiffusionPlatform
import DiffusionText

// What is said of a path at which there is no checkpoint: what lies there, or where it can be had.

extension CheckpointError {
  private static let endings = [".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".pkl"]

  /// The error for a folder that is no model, with the checkpoints in it.
  ///
  /// - Throws: `CheckpointError.unreadable`.
  public static func noModel(inFolder path: String) throws(CheckpointError) -> CheckpointError {
    let names: [String]
    do { names = try namesInFolder(path) } catch { throw CheckpointError(error) }
    if names.contains("run.json") { return .runWithoutWeights(folder: path) }
    let index = names.first { $0.hasSuffix(".index.json") }
    let checkpoints = names.filter { name in endings.contains(where: name.hasSuffix) }
    return .folder(file: path, holding: index.map { [$0] } ?? checkpoints)
  }

  static func folder(_ file: String, _ names: [String]) -> String {
    let paths = names.map { file.hasSuffix("/") ? file + $0 : "\(file)/\($0)" }
    switch paths.count {
    case 0:
      return """
        \(file): is a folder, and not one that diffusers saved (it has no diffusion_pytorch_model); \
        give the checkpoint in it, a .pt or .safetensors for instance
        """
    case 1: return "\(file): is a folder; give the checkpoint in it, \(shellQuoted(operand(paths[0])))"
    default:
      return """
        \(file): is a folder of \(paths.count) checkpoints; give one of them, \
        \(shellQuoted(operand(paths[0]))) for instance
        """
    }
  }

  /// What to give in place of a JSON file that describes a model.
  static func described(by file: String) -> String {
    let beside = String(file.dropLast(".json".count))
    if endings.contains(where: beside.hasSuffix) { return "the model beside it, \(shellQuoted(operand(beside)))" }
    var parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    // A scheduler's folder holds no weights.
    if file.hasSuffix("scheduler_config.json"), parts.last == "scheduler" { parts = parts.dropLast() }
    let folder = parts.joined(separator: "/")
    return "its folder, \(folder.isEmpty ? file.hasPrefix("/") ? "/" : "." : shellQuoted(operand(folder)))"
  }

  /// The error for a path at which there is nothing, if it can be had elsewhere; nil if it is a path like any other.
  static func missing(_ path: String) -> CheckpointError? {
    let words: [String]
    if let address = address(path) {
      let parts = address.rest.split(separator: "/")
      if ["huggingface.co", "hf.co"].contains(parts.first), parts.count == 3 {
        words = hub(parts.dropFirst().joined(separator: "/"))
      } else {
        let name = parts.dropFirst().last?.prefix { $0 != "?" } ?? ""
        words = ["curl", "-fL", "-o", name.isEmpty ? "model.pt" : operand(String(name)), path]
      }
    } else if isHubName(path) {
      words = hub(path)
    } else {
      return nil
    }
    return .notHere(file: path, command: shellLine(words))
  }

  private static func hub(_ name: String) -> [String] {
    ["hf", "download", name, "--local-dir", operand(name.split(separator: "/").last.map(String.init) ?? name)]
  }

  private static func address(_ path: String) -> (scheme: Substring, rest: Substring)? {
    guard let colon = path.firstIndex(of: ":"), path[colon...].hasPrefix("://") else { return nil }
    let scheme = path[..<colon]
    return ["http", "https", "ftp", "file"].contains(scheme) ? (scheme, path[colon...].dropFirst(3)) : nil
  }

  /// Whether `path` is like `google/ddpm-cifar10-32`.
  private static func isHubName(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && !endings.contains(where: path.hasSuffix)
      && parts.allSatisfy { part in
        part.first != "." && part.first != "-" && !part.isEmpty
          && part.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains($0))
          }
      }
  }
}
