/// The parameters and buffers of a module that was saved as an object, or by TorchScript, by the names that its state
/// dict would have, and the plain values among its attributes.
struct ModuleTree {
  private(set) var tensors: [(name: String, tensor: PickleTensor)] = []
  private(set) var attributes: [String: PlainValue] = [:]

  // A file can refer to one object many times, under names as long as it likes.
  private static let depth = 12
  private static let nameLength = 512
  private static let textLength = 256
  private static let listLength = 64
  private static let mostAttributes = 1 << 14
  private static let mostTensors = 1 << 16

  /// Looks into a module.
  ///
  /// - Parameters:
  ///   - module: the dictionary of an object with a class.
  ///   - seen: the dictionaries that have been looked into, which are not again.
  init(_ module: PickleDictionary, seen: inout Set<ObjectIdentifier>) {
    collect(module, prefix: "", depth: 0, &seen)
  }

  private mutating func collect(
    _ module: PickleDictionary, prefix: String, depth: Int, _ seen: inout Set<ObjectIdentifier>
  ) {
    guard depth < Self.depth, seen.insert(module.identity).inserted else { return }
    if let name = module.moduleClass { enter(prefix + "class_name", .string(name)) }
    var modules: PickleDictionary?
    for (key, value) in module.items {
      guard case .string(let key) = key else { continue }
      switch (key, value) {
      case ("_parameters", .dictionary(let parameters)), ("_buffers", .dictionary(let parameters)):
        guard seen.insert(parameters.identity).inserted else { continue }
        collectTensors(parameters, prefix: prefix)
      case ("_modules", .dictionary(let children)): modules = children
      case (_, .tensor(let tensor)) where module.isScript: enter(prefix + key, tensor)
      case (_, .dictionary(let child)) where module.isScript:
        enterModule(child, key, prefix: prefix, depth: depth, &seen)
      default:
        if key.first != "_", let plain = Self.plain(value) { enter(prefix + key, plain) }
      }
    }
    guard let modules, seen.insert(modules.identity).inserted else { return }
    for (key, value) in modules.items {
      guard case .string(let key) = key, case .dictionary(let child) = value else { continue }
      enterModule(child, key, prefix: prefix, depth: depth, &seen)
    }
  }

  private mutating func enterModule(
    _ child: PickleDictionary, _ key: String, prefix: String, depth: Int, _ seen: inout Set<ObjectIdentifier>
  ) {
    guard child.moduleClass != nil, prefix.utf8.count + key.utf8.count < Self.nameLength else { return }
    collect(child, prefix: prefix + key + ".", depth: depth + 1, &seen)
  }

  private mutating func collectTensors(_ dictionary: PickleDictionary, prefix: String) {
    for (name, tensor) in dictionary.tensors { enter(prefix + name, tensor) }
  }

  private mutating func enter(_ name: String, _ tensor: PickleTensor) {
    guard name.utf8.count < Self.nameLength, tensors.count < Self.mostTensors else { return }
    tensors.append((name, tensor))
  }

  private mutating func enter(_ name: String, _ value: PlainValue) {
    guard attributes.count < Self.mostAttributes, name.utf8.count < Self.nameLength else { return }
    if case .string(let text) = value, text.utf8.count > Self.textLength { return }
    attributes[name] = value
  }

  private static func plain(_ value: PickleValue) -> PlainValue? {
    switch value {
    case .list(let list): plain(list.items)
    case .tuple(let tuple): plain(tuple.items)
    default: scalar(value)
    }
  }

  private static func plain(_ items: [PickleValue]) -> PlainValue? {
    guard items.count <= listLength else { return nil }
    let values = items.compactMap(scalar)
    return values.count == items.count ? .list(values) : nil
  }

  private static func scalar(_ value: PickleValue) -> PlainValue? {
    switch value {
    case .bool(let truth): .bool(truth)
    case .integer(let number): .integer(number)
    case .float(let number): .float(number)
    case .string(let text): .string(text)
    default: nil
    }
  }
}
