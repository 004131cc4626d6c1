import DiffusionFiles

// The calls and look-ups in a pickle. None is executed: the few names that build tensors and dictionaries are
// recognised, and replaced by what they would return. Objects of any other class are opaque values.

extension PickleMachine {
  mutating func pushName(module: String, name: String) throws(PickleFault) {
    guard let known = PickleName(module, name) else { throw .forbiddenName("\(module).\(name)") }
    stack.append(.name(known))
  }

  /// REDUCE and NEWOBJ: "call" a name with a tuple of arguments.
  mutating func call() throws(PickleFault) {
    let call = try pop(2)
    guard case .name(let name) = call[0], case .tuple(let tuple) = call[1] else {
      throw .unexpected("\(call[0].kind) is called with \(call[1].kind)")
    }
    let arguments = tuple.items
    switch name {
    case .orderedDict where arguments.isEmpty: stack.append(.dictionary(makeDictionary()))
    // Its argument is the factory of default values.
    case .defaultDict where arguments.count <= 1: stack.append(.dictionary(makeDictionary()))
    case .rebuildParameter where !arguments.isEmpty:
      guard case .tensor = arguments[0] else { throw .unexpected("a parameter is made of \(arguments[0].kind)") }
      stack.append(arguments[0])
    case .rebuildTensor where arguments.count >= 4:
      guard case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
        let shape = integers(arguments[2]), let strides = integers(arguments[3])
      else { throw .unexpected("a tensor is made of something other than a storage, an offset, a shape and strides") }
      stack.append(.tensor(PickleTensor(storage: storage, offset: offset, shape: shape, strides: strides)))
    case .namespace where arguments.isEmpty: stack.append(.dictionary(makeObject()))
    case .moduleDict where arguments.isEmpty: stack.append(.dictionary(makeObject(moduleClass: "ModuleDict")))
    case .scriptClass(let name) where arguments.isEmpty:
      let object = makeObject(moduleClass: name)
      object.isScript = true
      stack.append(.dictionary(object))
    case .persistentObject where arguments.count == 1: stack.append(try persistentObject(arguments[0]))
    case .storageFromBytes where arguments.count == 1:
      guard case .bytes(let range) = arguments[0] else {
        throw .unexpected("a storage is made of \(arguments[0].kind)")
      }
      stack.append(.storage(.stream(range)))
    case .other(let name): stack.append(.opaque(kind: name))
    default: throw .unexpected("\(name.description) is called with \(arguments.count) arguments")
    }
  }

  private mutating func makeObject(moduleClass: String? = nil) -> PickleDictionary {
    let object = makeDictionary()
    (object.isObject, object.moduleClass) = (true, moduleClass)
    return object
  }

  /// What `torch_utils.persistence` makes of a dictionary with a class's name and source and the object's state. The
  /// source is never looked at.
  private mutating func persistentObject(_ meta: PickleValue) throws(PickleFault) -> PickleValue {
    // There are five entries; a search through a million, for each of as many objects, would take hours.
    guard case .dictionary(let meta) = meta, meta.items.count <= 16, case .string(let name)? = meta["class_name"] else {
      throw .unexpected("an object is made of something other than its class and state")
    }
    guard case .dictionary(let state)? = meta["state"] else { return .opaque(kind: name) }
    let object = makeObject(moduleClass: name)
    object.state = state
    return .dictionary(object)
  }

  /// BUILD: sets an object's state. A state dict gets its `_metadata` this way, which does not affect tensors.
  mutating func build() throws(PickleFault) {
    let state = try pop()
    switch (try top(), state) {
    case (.dictionary(let object), .dictionary(let state)): if object.isObject { object.state = state }
    case (.opaque, _): break
    // An object with a state of its own making, such as weights packed for a processor.
    case (.dictionary(let object), _) where object.isScript: break
    case (let object, _): throw .unexpected("the state of \(object.kind) is set to \(state.kind)")
    }
  }

  /// BINPERSID: `("storage", storage class, key, device, element count)`. Before PyTorch 1.6 there was a sixth item,
  /// the storage that it is a view of, which is None in all but the oldest files.
  mutating func pushStorage(_ id: PickleValue) throws(PickleFault) {
    guard case .tuple(let tuple) = id, tuple.items.count == 5 || tuple.items.count == 6,
      case .string("storage") = tuple.items[0], case .name(.storageClass(let type)) = tuple.items[1],
      case .string(let key) = tuple.items[2], case .integer(let count) = tuple.items[4]
    else { throw .unexpected("a storage is referred to by something other than its class, key, device and size") }
    if tuple.items.count == 6 {
      guard case .none = tuple.items[5] else { throw .storageView(key: key) }
    }
    let storage = PickleStorage(elementType: type, key: key, count: count)
    guard storages.updateValue(storage, forKey: key) ?? storage == storage else { throw .storageDiffers(key: key) }
    stack.append(.storage(.named(storage)))
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple(let tuple) = value else { return nil }
    var integers: [Int] = []
    for item in tuple.items {
      guard case .integer(let integer) = item else { return nil }
      integers.append(integer)
    }
    return integers
  }
}
