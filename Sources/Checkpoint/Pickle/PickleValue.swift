import DiffusionFiles

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
  // The larger ones lie apart, so that a value is small: a hostile pickle makes one with every byte.
  /// A reference to bytes elsewhere in the file.
  indirect case storage(PickleStorage)
  indirect case tensor(PickleTensor)
  /// What tensors do not need: a set, bytes, an object of a harmless class, … Its content is forgotten.
  case opaque(kind: String)

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
    case .name(let name): name.description
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .opaque(let kind): kind
    }
  }
}

/// A list, which instructions after its making add to.
final class PickleList {
  var items: [PickleValue] = []
}

/// A dictionary, in the order of insertion.
final class PickleDictionary {
  private(set) var items: [(key: PickleValue, value: PickleValue)] = []
  /// Whether there are tensors by name, known without a search: dictionaries may hold one another many times over.
  private(set) var holdsTensors = false

  func enter(_ key: PickleValue, _ value: PickleValue) {
    items.append((key, value))
    if case .string = key, case .tensor = value { holdsTensors = true }
  }

  func removeAll() { items = [] }

  /// The value under a string; the last one that was entered, as in Python.
  subscript(name: String) -> PickleValue? {
    items.last {
      if case .string(name) = $0.key { true } else { false }
    }?.value
  }

  /// The tensors by name: under each the last one that was entered, in the place of the first.
  var tensors: [(name: String, tensor: PickleTensor)] {
    var tensors: [(name: String, tensor: PickleTensor)] = []
    var places: [String: Int] = [:]
    for item in items {
      guard case .string(let name) = item.key, case .tensor(let tensor) = item.value else { continue }
      if let place = places[name] {
        tensors[place].tensor = tensor
      } else {
        places[name] = tensors.count
        tensors.append((name, tensor))
      }
    }
    return tensors
  }
}

/// A storage: a place in the file, and the elements it is said to have.
struct PickleStorage: Equatable {
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
