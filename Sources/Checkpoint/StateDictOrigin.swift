/// Where the tensors of a `StateDict` were found.
public struct StateDictOrigin: Sendable, Equatable {
  /// The kind of the file.
  public let container: Container
  /// The keys of the nested dictionaries that contain the tensors, outermost first, for instance `["ema"]`. Empty if
  /// the tensors are at the top level.
  public let keyPath: [String]

  /// The keys of the outermost dictionary: what else a training program saved. Empty for safetensors.
  public let outermostKeys: [String]

  /// The kinds of files; the raw value is for display.
  public enum Container: String, Sendable, CaseIterable {
    /// One safetensors file.
    case safetensors = "safetensors"
    /// Several safetensors files and an index that maps tensors to them.
    case shardedSafetensors = "sharded safetensors"
    /// The format of PyTorch since 1.6.
    case torchZip = "PyTorch zip"
    /// The format of PyTorch before 1.6.
    case torchLegacyStream = "PyTorch legacy stream"
  }

  init(_ container: Container, keyPath: [String] = [], outermostKeys: [String] = []) {
    self.container = container
    self.keyPath = keyPath
    self.outermostKeys = outermostKeys
  }

  /// Whether the key path says that the tensors are a running average of the weights (EMA). If it does not, the file's
  /// name may.
  public var isRunningAverage: Bool { keyPath.contains(where: Self.averageKeys.contains) }

  /// The keys of running averages in the checkpoints of training programs, the likeliest first.
  static let averageKeys = ["ema", "ema_state_dict", "model_ema", "ema_model", "state_dict_ema"]
}
