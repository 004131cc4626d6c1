import DiffusionFiles

/// The tensors in an object saved by `torch.save`, with the keys that lead to them.
///
/// Training programs often nest the state dict in other dictionaries or lists, under keys of their own.
struct TorchTensors {
  /// Tensors that lie in one dictionary or list.
  private struct Holder {
    let path: [String]
    let tensors: [(name: String, tensor: PickleTensor)]
    var isList = false
    /// What the module that they belong to says of itself.
    var attributes: [String: PlainValue] = [:]
  }

  /// How deep dictionaries and lists are looked into.
  private static let depth = 4
  /// Longer texts are no numbers of a release.
  private static let longestVersion = 32

  private var holders: [Holder] = []
  /// The string keys of the outermost dictionary.
  private var outermostKeys: [String] = []
  /// The truth values among the arguments in it.
  private var arguments: [String: Bool] = [:]
  /// The text under `version` in it.
  private var version: String?
  private var isOptimizer = false
  private var isList = false
  /// How many tensors may still be collected: a file can refer to one many times.
  private var room = 1 << 20
  /// The class of an object that was saved whole; nil if there is none.
  private var wholeObject: String?
  // A file can refer to one container many times.
  private var seen: Set<ObjectIdentifier> = []

  /// Finds the tensors in the value of a pickle.
  init(_ root: PickleValue) throws(PickleFault) {
    switch root {
    case .dictionary(let dictionary):
      isOptimizer = dictionary.isOptimizer
      outermostKeys = dictionary.keys
      if case .string(let text)? = dictionary["version"], text.utf8.count <= Self.longestVersion { version = text }
      if case .dictionary(let arguments)? = dictionary["args"] {
        for item in arguments.items {
          if case .string(let key) = item.key, case .bool(let value) = item.value { self.arguments[key] = value }
        }
      }
      collect(root, [])
    case .list:
      isList = true
      collect(root, [])
    case .tuple(let tuple):
      isList = true
      // Tuples can share parts without limit, so that none but the outermost is looked into.
      for (i, item) in tuple.items.enumerated() { collect(item, ["\(i)"]) }
    // A class has a module before its name.
    case .opaque(let kind) where kind.contains("."): wholeObject = kind
    default: throw .unexpected("it holds \(root.kind)")
    }
    seen = []
  }

  private mutating func collect(_ value: PickleValue, _ path: [String]) {
    guard path.count <= Self.depth else { return }
    switch value {
    case .dictionary(let dictionary):
      if dictionary.moduleClass != nil {
        let module = ModuleTree(dictionary, seen: &seen)
        room -= module.tensors.count
        guard !module.tensors.isEmpty, room >= 0 else { return }
        holders.append(Holder(path: path, tensors: module.tensors, attributes: module.attributes))
        return
      }
      guard seen.insert(ObjectIdentifier(dictionary)).inserted, !dictionary.isOptimizer else { return }
      if dictionary.holdsTensors { holders.append(Holder(path: path, tensors: dictionary.tensors)) }
      for item in dictionary.items {
        if case .string(let key) = item.key { collect(item.value, path + [key]) }
      }
    case .list(let list):
      guard seen.insert(ObjectIdentifier(list)).inserted else { return }
      collectTensors(list.items, path)
      for (i, item) in list.items.enumerated() { collect(item, path + ["\(i)"]) }
    case .tuple(let tuple): collectTensors(tuple.items, path)
    default: break
    }
  }

  /// Collects the tensors among the items of a list.
  private mutating func collectTensors(_ items: [PickleValue], _ path: [String]) {
    guard items.count <= room else { return }
    let tensors = items.enumerated().compactMap { i, item -> (name: String, tensor: PickleTensor)? in
      if case .tensor(let tensor) = item { ("\(i)", tensor) } else { nil }
    }
    room -= items.count
    if !tensors.isEmpty { holders.append(Holder(path: path, tensors: tensors, isList: true)) }
  }

  /// A state dict of the network's tensors: those of which one has a name that ends with one of `signatures`, or else
  /// those under the likeliest keys. `findStorage` returns the byte range in `file` of the storage with a key.
  ///
  /// - Throws: `CheckpointError` if there are no tensors, or one reaches outside its storage.
  func stateDict(
    _ file: MappedFile, _ container: StateDictOrigin.Container, signatures: [String],
    findStorage: (String) throws(CheckpointError) -> Range<Int>
  ) throws(CheckpointError) -> StateDict {
    if let wholeObject { throw .wholeObject(file: file.name, type: wholeObject) }
    if isOptimizer { throw .optimizer(file: file.name) }
    let search = NetworkSearch(
      holders.map {
        NetworkSearch.Group(
          path: $0.path, names: $0.tensors.map(\.name), shapes: $0.tensors.map(\.tensor.shape), isList: $0.isList)
      }, isInList: isList)
    guard let found = search.network(signatures) ?? likeliest else { throw .noTensors(file: file.name) }
    // Many tensors may lie in one storage, whose stream is read once.
    var streams: [Range<Int>: (PickleStorage, Range<Int>)] = [:]
    func stored(_ group: Int, _ index: Int) throws(CheckpointError) -> StoredTensor {
      let tensor = holders[group].tensors[index].tensor
      let (described, place): (PickleStorage, Range<Int>)
      switch tensor.storage {
      case .named(let storage): (described, place) = (storage, try findStorage(storage.key))
      case .stream(let range):
        if let known = streams[range] {
          (described, place) = known
        } else {
          (described, place) = try LegacyTorchStream.storage(file, range)
          streams[range] = (described, place)
        }
      }
      return StoredTensor(
        file: file, elementType: described.elementType, shape: tensor.shape, strides: tensor.strides,
        offset: tensor.offset, storageBegin: place.lowerBound, storageBytes: place.count,
        storageCount: described.count)
    }
    var entries: [(name: String, tensor: StoredTensor)] = []
    for (name, group, index) in found.tensors { entries.append((name, try stored(group, index))) }
    var neighbours: [String: StoredTensor] = [:]
    for (name, group, index) in found.neighbours { neighbours[name] = try stored(group, index) }
    let isNested = found.tensors.contains { !holders[$0.group].path.isEmpty }
    return try StateDict(
      file: file, entries: entries, metadata: [:],
      origin: StateDictOrigin(
        container, keyPath: found.keyPath, outermostKeys: isNested ? outermostKeys : [], arguments: arguments,
        version: version, prefix: found.prefix, otherWords: search.words(beside: found),
        attributes: found.tensors.first.map { holders[$0.group].attributes } ?? [:],
        isRunningAverage: found.isAverage, unfitAverage: found.unfit),
      neighbours: neighbours)
  }

  /// The dictionary of tensors that is likeliest the model's where no name is known: the average, one under a usual
  /// key, the outermost, any other in it, or one nested deeper.
  private var likeliest: NetworkSearch.Found? {
    func rank(_ holder: Holder) -> Int {
      let path = holder.path
      if holder.isList { return 5 }
      if path.contains(where: NetworkSearch.isAverageKey) { return 0 }
      if path.isEmpty { return 2 }
      if NetworkSearch.usualKeys.contains(path[0]) { return path.count == 1 ? 1 : 4 }
      return path.count == 1 ? 3 : 5
    }
    guard let best = holders.indices.min(by: { rank(holders[$0]) < rank(holders[$1]) }) else { return nil }
    let path = holders[best].path
    return NetworkSearch.Found(
      keyPath: path, isAverage: path.contains(where: NetworkSearch.isAverageKey),
      tensors: holders[best].tensors.enumerated().map { ($0.element.name, best, $0.offset) })
  }
}

extension PickleDictionary {
  /// Whether it is the state of an optimizer.
  fileprivate var isOptimizer: Bool {
    if case .dictionary? = self["state"], case .list? = self["param_groups"] { true } else { false }
  }

  /// Its keys that are strings.
  fileprivate var keys: [String] { items.compactMap { if case .string(let key) = $0.key { key } else { nil } } }
}
