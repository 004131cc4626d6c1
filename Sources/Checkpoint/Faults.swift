import DiffusionBytes
import TensorCore

/// What can be wrong with a safetensors file: a case for each way in which it can lie.
public enum SafetensorsFault: Error, Equatable, CustomStringConvertible {
  /// The file ends before its header does.
  case headerBeyondEnd(length: UInt64, available: Int)
  /// The header is longer than the format allows.
  case headerTooLong(length: UInt64, limit: Int)
  /// The header is not JSON of the prescribed form.
  case headerNotJSON(String)
  /// An unknown element type.
  case unknownElementType(tensor: String, type: String)
  /// A negative size, or too many elements to count.
  case badShape(tensor: String, shape: [Int])
  /// Offsets outside the file, or out of order.
  case badRange(tensor: String, begin: Int, end: Int, available: Int)
  /// The range's size does not match shape and type.
  case wrongSize(tensor: String, needed: Int, found: Int)
  /// Bytes of two tensors, or of none.
  case overlapOrGap(tensor: String, begin: Int, expected: Int)
  /// Bytes after the last tensor.
  case trailing(bytes: Int)

  /// What is wrong.
  public var description: String {
    switch self {
    case .headerBeyondEnd(let length, let available):
      "its header should have \(length) bytes, but \(available) are left in the file"
    case .headerTooLong(let length, let limit): "its header should have \(length) bytes, more than the \(limit) allowed"
    case .headerNotJSON(let reason): "its header is not the JSON it should be (\(reason))"
    case .unknownElementType(let tensor, let type): "tensor \(tensor) has the unknown element type \(type)"
    case .badShape(let tensor, let shape): "tensor \(tensor) cannot have the shape \(shape)"
    case .badRange(let tensor, let begin, let end, let available):
      "tensor \(tensor) should lie at bytes \(begin)..<\(end) of \(available)"
    case .wrongSize(let tensor, let needed, let found): "tensor \(tensor) needs \(needed) bytes, but has \(found)"
    case .overlapOrGap(let tensor, let begin, let expected):
      "tensor \(tensor) begins at byte \(begin), but the one before it ends at \(expected)"
    case .trailing(let bytes): "\(bytes) bytes behind the last tensor belong to none"
    }
  }
}

/// What can be wrong with the zip archive of a `.pt`.
public enum ArchiveFault: Error, Equatable, CustomStringConvertible {
  /// It is not a zip archive of stored entries.
  case zip(ZipFault)
  /// There is no `data.pkl`.
  case noPickle
  /// `data.pkl` is too large.
  case pickleTooLarge(bytes: Int, limit: Int)
  /// It is a TorchScript archive: code with its tensors.
  case torchScript
  /// It was saved on a big-endian machine.
  case bigEndian
  /// A storage that the pickle refers to is missing.
  case noStorage(key: String)

  /// What is wrong.
  public var description: String {
    switch self {
    case .zip(.compressed(let entry)): "entry \(entry) is compressed, which PyTorch never does"
    case .zip(let fault): fault.description
    case .noPickle: "it has no data.pkl"
    case .torchScript:
      "it is a TorchScript archive, which holds code; save the state_dict() of torch.jit.load's module"
    case .pickleTooLarge(let bytes, let limit): "its data.pkl has \(bytes) bytes, more than the \(limit) allowed"
    case .bigEndian: "it was saved on a big-endian machine; save it on a little-endian one"
    case .noStorage(let key): "the storage data/\(key) is missing"
    }
  }
}

/// What can be wrong with a stream of PyTorch before 1.6, except for its pickles.
public enum StreamFault: Error, Equatable, CustomStringConvertible {
  /// The bytes of a storage within a pickle do not begin as such a stream does.
  case noMagicNumber
  /// What they hold is not a storage.
  case notAStorage
  /// An unknown protocol version.
  case protocolVersion(Int)
  /// It was saved on a big-endian machine.
  case bigEndian
  /// A storage is listed twice.
  case duplicate(key: String)
  /// A storage is listed but not described, so that its size is unknown.
  case unknownStorage(key: String)
  /// A storage is described but not listed.
  case noStorage(key: String)
  /// A storage has a different number of elements than described.
  case wrongCount(key: String, found: Int64, needed: Int)
  /// A storage reaches beyond the file.
  case beyondEnd(key: String, offset: Int, available: Int)

  /// What is wrong.
  public var description: String {
    switch self {
    case .noMagicNumber: "the bytes of a storage in it do not begin as such a file does"
    case .notAStorage: "the bytes of a storage in it hold something else"
    case .protocolVersion(let version): "its protocol version is \(version), not 1001"
    case .bigEndian: "it was saved on a big-endian machine; save it on a little-endian one"
    case .duplicate(let key): "storage \(key) is listed twice"
    case .unknownStorage(let key): "storage \(key) is listed, but nothing says what it holds"
    case .noStorage(let key): "storage \(key) is missing"
    case .wrongCount(let key, let found, let needed): "storage \(key) has \(found) elements instead of \(needed)"
    case .beyondEnd(let key, let offset, let available):
      """
      storage \(key), from byte \(offset) on, goes past the end of the file, which has \(available) (was it cut short?)
      """
    }
  }
}

/// What can be wrong with the index of a sharded checkpoint.
public enum IndexFault: Error, Equatable, CustomStringConvertible {
  /// It is too large.
  case tooLarge(bytes: Int, limit: Int)
  /// It is not JSON with a `weight_map` from names of tensors to names of files.
  case notJSON(String)
  /// A shard's name is not that of a file in the same folder.
  case badShardName(String)
  /// A tensor is missing in its shard.
  case missingTensor(name: String, shard: String)

  /// What is wrong.
  public var description: String {
    switch self {
    case .tooLarge(let bytes, let limit): "it has \(bytes) bytes, more than the \(limit) allowed"
    case .notJSON(let reason): "it is not the JSON it should be (\(reason))"
    case .badShardName(let name): "\"\(name)\" is not the name of a file beside it"
    case .missingTensor(let name, let shard): "\(shard) has no tensor \(name)"
    }
  }
}

/// What can be wrong with the pickle of a `.pt`.
public enum PickleFault: Error, Equatable, CustomStringConvertible {
  /// It ends within an instruction, or before STOP.
  case truncated
  /// An instruction that tensor dictionaries do not use.
  case unknownInstruction(UInt8)
  /// It imports a name that no tensor dictionary needs.
  case forbiddenName(String)
  /// An instruction finds values other than it needs.
  case unexpected(String)
  /// A storage is a view of another, as in PyTorch before 0.4.
  case storageView(key: String)
  /// Two descriptions of one storage differ.
  case storageDiffers(key: String)
  /// Containers are nested too deep.
  case tooDeep(limit: Int)
  /// It has too many bytes besides those of tensors.
  case tooLong(limit: Int)

  /// What is wrong, as a verb and its object.
  public var description: String {
    switch self {
    case .truncated: "ends too early"
    case .unknownInstruction(let code):
      "has the instruction 0x\(String(code, radix: 16)), which tensor dictionaries do not use"
    case .forbiddenName(let name): "names \(name), which a checkpoint has no need of"
    case .unexpected(let what): "is not a dictionary of tensors: \(what)"
    case .storageView(let key):
      "makes storage \(key) a view of another, as PyTorch before 0.4 did; load it there and save it with a later one"
    case .storageDiffers(let key): "describes storage \(key) in two ways"
    case .tooDeep(let limit): "nests more than \(limit) levels deep"
    case .tooLong(let limit): "has more than \(limit) bytes besides those of tensors"
    }
  }
}

/// What can be wrong with the description of one tensor.
public enum TensorFault: Error, Equatable, CustomStringConvertible {
  /// A shape with negative sizes or too many elements to count.
  case badShape([Int])
  /// The view reaches outside its storage.
  case outsideStorage(shape: [Int], strides: [Int], offset: Int, elements: Int)
  /// The view has more elements than its storage, so that some repeat.
  case repeats(shape: [Int], elements: Int)
  /// The name is reserved in safetensors files.
  case reservedName
  /// The storage is too short for its elements.
  case storageTooShort(needed: Int, found: Int)

  /// What is wrong, as a verb and its object.
  public var description: String {
    switch self {
    case .badShape(let shape): "cannot have the shape \(shape)"
    case .outsideStorage(let shape, let strides, let offset, let elements):
      "with shape \(shape), strides \(strides) and offset \(offset) reaches outside its storage of \(elements) elements"
    case .repeats(let shape, let elements):
      "of shape \(shape) repeats the \(elements) elements of its storage; save it with .contiguous()"
    case .reservedName: "has a name that is reserved for metadata in safetensors files"
    case .storageTooShort(let needed, let found): "needs a storage of \(needed) bytes, but it has \(found)"
    }
  }
}
