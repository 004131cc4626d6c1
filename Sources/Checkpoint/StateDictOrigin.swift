/// Where the tensors of a `StateDict` were found.
public struct StateDictOrigin: Sendable, Equatable {
  /// The kind of the file.
  public let container: Container
  /// The keys under which the dictionary of tensors lies within others, outermost first: `["ema"]`, say. Empty where the file
  /// holds the tensors themselves.
  public let keyPath: [String]

  /// The kinds of files; the raw value is what people call them.
  public enum Container: String, Sendable, CaseIterable {
    /// One safetensors file.
    case safetensors = "safetensors"
    /// Several safetensors files, and an index that says which tensor lies in which.
    case shardedSafetensors = "sharded safetensors"
    /// What PyTorch has written since 1.6.
    case torchZip = "PyTorch zip"
    /// What PyTorch wrote before.
    case torchLegacyStream = "PyTorch legacy stream"
  }

  init(_ container: Container, keyPath: [String] = []) {
    self.container = container
    self.keyPath = keyPath
  }

  /// Whether the file itself calls the tensors a running average of the weights (EMA). Where it does not, its name may.
  public var isRunningAverage: Bool { keyPath.contains(where: Self.averageKeys.contains) }

  /// What training programs call the running average in their checkpoints, the likeliest first.
  static let averageKeys = ["ema", "ema_state_dict", "model_ema", "ema_model", "state_dict_ema"]
}
