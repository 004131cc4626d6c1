import DiffusionFiles

/// The tensors in an object saved by `torch.save`, by name, and the keys that lead to them.
///
/// Training programs often nest the state dict in other dictionaries, under keys of their own.
struct TorchTensors {
  private(set) var tensors: [(name: String, tensor: PickleTensor)] = []
  private(set) var keyPath: [String] = []
  /// The string keys of the outermost dictionary, if the tensors are in another.
  private(set) var outermostKeys: [String] = []
  private let isOptimizer: Bool

  /// Finds the tensors in the value of a pickle.
  init(_ root: PickleValue) throws(PickleFault) {
    guard case .dictionary(let dictionary) = root else { throw .unexpected("it holds \(root.kind)") }
    if case .dictionary? = dictionary["state"], case .list? = dictionary["param_groups"] {
      isOptimizer = true
    } else {
      isOptimizer = false
      if let found = Self.find(in: dictionary, levels: 2) {
        keyPath = found.keyPath
        tensors = found.dictionary.tensors
        if !keyPath.isEmpty {
          outermostKeys = dictionary.items.compactMap { if case .string(let key) = $0.key { key } else { nil } }
        }
      }
    }
  }

  /// The keys under which training programs save a model, the likeliest first. If a file has both, the running average
  /// gives better pictures than the raw weights.
  private static let modelKeys = StateDictOrigin.averageKeys + ["state_dict", "model_state_dict", "model"]

  /// Finds the dictionary of the model's tensors: one under a usual key, or else `root` itself, or else any in it, or
  /// else one nested in a dictionary under a usual key.
  private static func find(
    in root: PickleDictionary, levels: Int
  ) -> (keyPath: [String], dictionary: PickleDictionary)? {
    var named: [(key: String, dictionary: PickleDictionary)] = []
    for key in modelKeys {
      if case .dictionary(let inner)? = root[key] { named.append((key, inner)) }
    }
    if let found = named.first(where: { $0.dictionary.holdsTensors }) { return ([found.key], found.dictionary) }
    if root.holdsTensors { return ([], root) }
    for item in root.items {
      if case .string(let key) = item.key, case .dictionary(let inner) = item.value, inner.holdsTensors {
        return ([key], inner)
      }
    }
    guard levels > 1 else { return nil }
    for (key, inner) in named {
      if let found = find(in: inner, levels: levels - 1) { return ([key] + found.keyPath, found.dictionary) }
    }
    return nil
  }

  /// A state dict of the tensors. `storage` returns the byte range in `file` of the storage with a key.
  ///
  /// - Throws: `CheckpointError` if there are no tensors, or one reaches outside its storage.
  func stateDict(
    _ file: MappedFile, _ container: StateDictOrigin.Container,
    storage: (String) throws(CheckpointError) -> Range<Int>
  ) throws(CheckpointError) -> StateDict {
    if isOptimizer { throw .optimizer(file: file.name) }
    if tensors.isEmpty { throw .noTensors(file: file.name) }
    var entries: [(name: String, tensor: StoredTensor)] = []
    for (name, tensor) in tensors {
      let place = try storage(tensor.storage.key)
      let stored = StoredTensor(
        file: file, elementType: tensor.storage.elementType, shape: tensor.shape, strides: tensor.strides,
        offset: tensor.offset, storageBegin: place.lowerBound, storageBytes: place.count,
        storageCount: tensor.storage.count)
      entries.append((name, stored))
    }
    return try StateDict(
      file: file, entries: entries, metadata: [:],
      origin: StateDictOrigin(container, keyPath: keyPath, outermostKeys: outermostKeys))
  }
}
