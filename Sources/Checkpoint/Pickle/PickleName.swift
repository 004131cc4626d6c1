import TensorCore

/// The names in pickles of checkpoints. Nothing is ever imported.
enum PickleName: Equatable {
  case orderedDict
  case defaultDict
  case rebuildTensor
  case rebuildParameter
  case storageClass(ElementType)
  /// A program's arguments, which are read as a dictionary.
  case namespace
  /// A dictionary of PyTorch's modules, which is a module itself.
  case moduleDict
  /// A class of a TorchScript archive, whose objects have tensors and other objects as their attributes.
  case scriptClass(String)
  /// What makes an object of NVIDIA's `torch_utils.persistence` from its class, source and state.
  case persistentObject
  /// What makes a storage from the bytes of a stream.
  case storageFromBytes
  /// Any other name; its objects are ignored.
  case other(String)

  /// Nil for a name that would make tensors in a way that is not known, or that only a hostile file has.
  init?(_ module: String, _ name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDict
    case ("collections", "defaultdict"): self = .defaultDict
    case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"),
      ("torch.nn.parameter", "Parameter"):
      self = .rebuildParameter
    case ("argparse", "Namespace"): self = .namespace
    case ("torch.nn.modules.container", "ModuleDict"): self = .moduleDict
    case ("torch_utils.persistence", "_reconstruct_persistent_obj"): self = .persistentObject
    case ("torch.storage", "_load_from_bytes"): self = .storageFromBytes
    case ("torch._utils", _), ("torch._tensor", _): return nil
    default:
      if module == "torch", let type = ElementType(storageClass: name) {
        self = .storageClass(type)
      } else {
        // The Python 2 name, which pickles of protocol 2 use in Python 3 too.
        let module = module == "__builtin__" ? "builtins" : module
        let package = String(module.prefix { $0 != "." })
        if package == "__torch__" {
          self = .scriptClass("\(module).\(name)")
          return
        }
        if Self.hostile.contains(package) || module == "builtins" && !Self.builtins.contains(name) { return nil }
        self = .other("\(module).\(name)")
      }
    }
  }

  /// Modules that a pickle names to run something. None would be run; but whoever sees them should not open the file
  /// with Python.
  private static let hostile: Set<String> = [
    "ctypes", "importlib", "marshal", "nt", "os", "pickle", "posix", "pty", "runpy", "shutil", "socket", "subprocess",
    "sys", "webbrowser",
  ]

  /// The builtins that are types of values, not functions.
  private static let builtins: Set<String> = [
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range", "set",
    "slice", "str", "tuple", "type",
  ]

  /// For error messages.
  var description: String {
    switch self {
    case .orderedDict: "OrderedDict"
    case .defaultDict: "defaultdict"
    case .rebuildTensor: "_rebuild_tensor"
    case .rebuildParameter: "_rebuild_parameter"
    case .storageClass(let type): "a storage class of \(type.rawValue)"
    case .namespace: "argparse.Namespace"
    case .moduleDict: "torch.nn.modules.container.ModuleDict"
    case .scriptClass(let name): name
    case .persistentObject: "torch_utils.persistence._reconstruct_persistent_obj"
    case .storageFromBytes: "torch.storage._load_from_bytes"
    case .other(let name): name
    }
  }
}
