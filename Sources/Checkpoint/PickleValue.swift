/// What the instructions of a pickle build. Only what dictionaries of tensors are made of can be represented.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  case tuple(Tuple)
  case list(PickleList)
  case dictionary(PickleDictionary)
  /// An importable name that is on the list of those known; nothing is ever imported.
  case name(PickleName)
  /// A reference to bytes elsewhere in the archive.
  case storage(PickleStorage)
  case tensor(PickleTensor)

  /// Items and how deep they nest, so that no value can be deeper than the stack that frees it.
  struct Tuple {
    let items: [PickleValue]
    let depth: Int
  }

  /// How deep tuples nest here; lists and dictionaries count as flat, as they are held and emptied apart.
  var depth: Int {
    if case .tuple(let tuple) = self { tuple.depth } else { 0 }
  }

  /// For error messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a truth value"
    case .integer: "an integer"
    case .float: "a float"
    case .string: "a string"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .name(let name): name.rawValue
    case .storage: "a storage"
    case .tensor: "a tensor"
    }
  }
}

/// The names that the pickles of tensor dictionaries refer to, apart from storage classes.
enum PickleName: Equatable {
  case orderedDict
  case rebuildTensor
  case rebuildParameter
  case storageClass(ElementType)

  init?(_ module: String, _ name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDict
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", _):
      guard let type = ElementType(storageClass: name) else { return nil }
      self = .storageClass(type)
    default: return nil
    }
  }

  var rawValue: String {
    switch self {
    case .orderedDict: "OrderedDict"
    case .rebuildTensor: "_rebuild_tensor_v2"
    case .rebuildParameter: "_rebuild_parameter"
    case .storageClass(let type): "a storage class of \(type.rawValue)"
    }
  }
}

/// A list, which instructions after its making add to.
final class PickleList {
  var items: [PickleValue] = []
}

/// A dictionary, in the order of insertion.
final class PickleDictionary {
  var items: [(key: PickleValue, value: PickleValue)] = []
}

/// A storage: an entry of the archive, and the elements it is said to have.
struct PickleStorage {
  let elementType: ElementType
  let key: String
  let count: Int
}

/// A tensor: a view of a storage.
struct PickleTensor {
  let storage: PickleStorage
  let offset: Int
  let shape: [Int]
  let strides: [Int]
}
