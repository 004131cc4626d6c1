import DiffusionFiles

/// A value built by the instructions of a pickle. Only the components of tensor dictionaries can be represented.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  /// Bytes, and where they lie in the file.
  case bytes(Range<Int>)
  case tuple(Tuple)
  case list(PickleList)
  case dictionary(PickleDictionary)
  /// A name that Python would import; nothing is ever imported.
  case name(PickleName)
  // The larger cases are indirect, to keep values small: a hostile pickle can make one with every byte.
  /// A reference to bytes elsewhere in the file.
  indirect case storage(PickleStoragePlace)
  indirect case tensor(PickleTensor)
  /// Something that tensors do not need: a set, an object of a class that is not known, … Its content is
  /// discarded.
  case opaque(kind: String)

  /// Items and their nesting depth, which is limited so that deallocation cannot overflow the stack.
  struct Tuple {
    let items: [PickleValue]
    let depth: Int
  }

  /// The nesting depth of tuples. Lists and dictionaries count as flat, since the machine empties them separately.
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
    case .bytes: "bytes"
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

/// A list, to which later instructions append.
final class PickleList {
  var items: [PickleValue] = []
}

/// A dictionary, in insertion order.
final class PickleDictionary {
  private var own: [(key: PickleValue, value: PickleValue)] = []
  /// The items, or those of the object's state.
  var items: [(key: PickleValue, value: PickleValue)] { state?.own ?? own }
  /// Whether any value under a string is a tensor. Tracked on insertion: a file can refer to one large dictionary many
  /// times, and a search would go through it each time.
  private(set) var holdsTensors = false
  /// Whether it stands for an object, such as a program's arguments, which has its values in another dictionary.
  var isObject = false
  /// The class of the object if it may be a module; its values are then the module's `__dict__`.
  var moduleClass: String?
  /// Whether it is an object of TorchScript, which has parameters and modules directly among its values.
  var isScript = false
  /// The dictionary of an object's values. Not copied: a short file could have it copied many times.
  var state: PickleDictionary?

  /// Tells dictionaries apart; objects by the dictionaries of their values.
  var identity: ObjectIdentifier { ObjectIdentifier(state ?? self) }

  func enter(_ key: PickleValue, _ value: PickleValue) {
    own.append((key, value))
    if case .string = key, case .tensor = value { holdsTensors = true }
  }

  func removeAll() { (own, state) = ([], nil) }

  /// The value under a string: the last one inserted, as in Python.
  subscript(name: String) -> PickleValue? {
    items.last {
      if case .string(name) = $0.key { true } else { false }
    }?.value
  }

  /// The tensors by name: for each name the last one inserted, at the position of the first.
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

/// A reference to a storage, with its claimed number of elements.
struct PickleStorage: Equatable {
  let elementType: ElementType
  let key: String
  let count: Int
}

/// Where a storage is found.
enum PickleStoragePlace {
  /// Elsewhere in the file, under its key.
  case named(PickleStorage)
  /// In these bytes of the file, which are a stream of their own.
  case stream(Range<Int>)
}

/// A tensor: a view of a storage.
struct PickleTensor {
  let storage: PickleStoragePlace
  let offset: Int
  let shape: [Int]
  let strides: [Int]
}
