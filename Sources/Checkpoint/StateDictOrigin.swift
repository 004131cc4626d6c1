/// Where the tensors of a `StateDict` were found.
public struct StateDictOrigin: Sendable, Equatable {
  /// The kind of the file.
  public let container: Container
  /// The keys of the nested dictionaries that contain the tensors, outermost first, for instance `["ema"]`. Empty if
  /// the tensors are at the top level.
  public let keyPath: [String]

  /// The keys of the outermost dictionary: what else a training program saved. Empty for safetensors, and if the
  /// tensors are in that dictionary itself.
  public let outermostKeys: [String]

  /// Those of the training program's arguments, under `args`, that are true or false.
  public let arguments: [String: Bool]

  /// The release of the training program, under `version` in the outermost dictionary; nil if it says none.
  public let version: String?

  /// What preceded the names of the tensors in the file, for instance `ema_model.model.`; empty if nothing did.
  public let prefix: String

  /// The first words of the names of tensors in the file that are not the network's.
  public let otherWords: Set<String>

  /// What the objects that the tensors belong to say of themselves, by dotted names as those of the tensors:
  /// `sigma_data`, `model.img_resolution`; an object's class is its `class_name`. Empty unless whole modules were
  /// saved, in a form in which that can be read (NVIDIA's `torch_utils.persistence`).
  public let attributes: [String: PlainValue]

  /// Whether the keys say that the tensors are a running average of the weights (EMA).
  public let isRunningAverage: Bool

  /// The keys of an average that is not used, as its tensors do not fit those of the weights; nil if there is none.
  public let unfitAverage: [String]?

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
    /// A pickle with the storages in it.
    case pickle = "Python pickle"
  }

  init(
    _ container: Container, keyPath: [String] = [], outermostKeys: [String] = [],
    arguments: [String: Bool] = [:], version: String? = nil, prefix: String = "",
    otherWords: Set<String> = [], attributes: [String: PlainValue] = [:], isRunningAverage: Bool = false,
    unfitAverage: [String]? = nil
  ) {
    self.container = container
    self.keyPath = keyPath
    self.outermostKeys = outermostKeys
    self.arguments = arguments
    self.version = version
    self.prefix = prefix
    self.otherWords = otherWords
    self.attributes = attributes
    self.isRunningAverage = isRunningAverage
    self.unfitAverage = unfitAverage
  }
}
