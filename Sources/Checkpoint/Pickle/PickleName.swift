import TensorCore

/// The known names in pickles of checkpoints. Nothing is ever imported.
enum PickleName: Equatable {
  case orderedDict
  case defaultDict
  case rebuildTensor
  case rebuildParameter
  case storageClass(ElementType)
  /// A name that appears next to tensors in the checkpoints of training programs; its objects are ignored.
  case harmless(String)

  init?(_ module: String, _ name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDict
    case ("collections", "defaultdict"): self = .defaultDict
    case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"),
      ("torch.nn.parameter", "Parameter"):
      self = .rebuildParameter
    default:
      if module == "torch", let type = ElementType(storageClass: name) {
        self = .storageClass(type)
      } else {
        // The Python 2 name, which pickles of protocol 2 use in Python 3 too.
        let module = module == "__builtin__" ? "builtins" : module
        guard Self.harmlessNames[module]?.contains(name) ?? false else { return nil }
        self = .harmless("\(module).\(name)")
      }
    }
  }

  private static let harmlessNames: [String: Set<String>] = [
    "_codecs": ["encode"],
    "argparse": ["Namespace"],
    "builtins": [
      "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple",
    ],
    "collections": ["Counter"],
    "numpy": ["dtype", "ndarray"],
    "numpy.core.multiarray": ["_reconstruct", "scalar"],
    "numpy._core.multiarray": ["_reconstruct", "scalar"],
    "pathlib": ["PosixPath"],
    "torch": [
      "Size", "bfloat16", "bool", "device", "float16", "float32", "float64", "int16", "int32", "int64", "int8", "uint8",
    ],
  ]

  /// For error messages.
  var description: String {
    switch self {
    case .orderedDict: "OrderedDict"
    case .defaultDict: "defaultdict"
    case .rebuildTensor: "_rebuild_tensor"
    case .rebuildParameter: "_rebuild_parameter"
    case .storageClass(let type): "a storage class of \(type.rawValue)"
    case .harmless(let name): name
    }
  }
}
