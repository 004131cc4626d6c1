/// Why a checkpoint cannot be read or used. Every description is one sentence that names the file and says what is wrong
/// with it, and where there is something to be done, what.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  /// The system refuses: no such file, no permission, …
  case unreadable(file: String, reason: String)
  /// It is a folder.
  case folder(file: String)
  /// It is a pipe, a device or a socket, which cannot be mapped into memory.
  case notAFile(file: String)
  /// It has no bytes.
  case empty(file: String)
  /// Its first bytes are of no known kind of checkpoint.
  case unknownFormat(file: String)
  /// It was written by a version of PyTorch before 1.6.
  case legacyFormat(file: String)
  /// It is no proper safetensors file.
  case safetensors(file: String, SafetensorsFault)
  /// It is no proper zip archive as PyTorch writes them.
  case archive(file: String, ArchiveFault)
  /// Its pickle holds what a checkpoint has no need of.
  case pickle(file: String, offset: Int, PickleFault)
  /// One of its tensors is described wrongly.
  case tensor(file: String, name: String, TensorFault)
  /// It holds no tensors.
  case noTensors(file: String)
  /// A tensor that the model needs is not there.
  case missingTensor(file: String, name: String, shape: [Int])
  /// A tensor has another shape than the model needs.
  case wrongShape(file: String, name: String, found: [Int], needed: [Int])
  /// The model's description is no JSON object.
  case descriptionNotJSON(file: String, reason: String)
  /// The model's description has something else under a key than belongs there.
  case description(file: String, key: String, expected: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
    case .folder(let file): "\(file): is a folder, not a checkpoint; give the .pt or .safetensors file in it"
    case .notAFile(let file): "\(file): is not a regular file; save the checkpoint to disk first"
    case .empty(let file): "\(file): is empty; copy or download it again"
    case .unknownFormat(let file): "\(file): is neither a safetensors file nor a .pt that PyTorch (1.6 or later) saved"
    case .legacyFormat(let file):
      "\(file): was saved by PyTorch before 1.6; load it with torch.load and save it again with torch.save"
    case .safetensors(let file, let fault): "\(file): is not a sound safetensors file: \(fault)"
    case .archive(let file, let fault): "\(file): is not a sound PyTorch archive: \(fault)"
    case .pickle(let file, let offset, let fault):
      "\(file): its data.pkl, at byte \(offset), \(fault); nothing in it was run"
    case .tensor(let file, let name, let fault): "\(file): tensor \(name) \(fault)"
    case .noTensors(let file): "\(file): holds no tensors by name; save the model's state_dict()"
    case .missingTensor(let file, let name, let shape):
      "\(file): has no tensor \(name), which the model needs in shape \(shape); is it another model, or are the model flags wrong?"
    case .wrongShape(let file, let name, let found, let needed):
      "\(file): tensor \(name) has shape \(found), but the model needs \(needed); check the model flags"
    case .descriptionNotJSON(let file, let reason): "\(file): does not describe a model in JSON (\(reason))"
    case .description(let file, let key, let expected): "\(file): \"\(key)\" should be \(expected)"
    }
  }
}

/// One case for each way in which a safetensors file can lie.
public enum SafetensorsFault: Error, Equatable, CustomStringConvertible {
  /// The file ends before its header does.
  case headerBeyondEnd(length: UInt64, available: Int)
  /// The header is longer than the format allows.
  case headerTooLong(length: UInt64, limit: Int)
  /// The header is not JSON of the form that the format prescribes.
  case headerNotJSON(String)
  /// An element type that does not exist.
  case unknownElementType(tensor: String, type: String)
  /// A negative size, or more elements than can be counted.
  case badShape(tensor: String, shape: [Int])
  /// Offsets that do not lie in the file, or not in order.
  case badRange(tensor: String, begin: Int, end: Int, available: Int)
  /// A range that does not have the size that shape and type need.
  case wrongSize(tensor: String, needed: Int, found: Int)
  /// Bytes that two tensors claim, or that none does.
  case overlapOrGap(tensor: String, begin: Int, expected: Int)
  /// Bytes behind the last tensor.
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
  /// No end-of-directory record.
  case noDirectory
  /// A record that does not lie in the file.
  case beyondEnd(what: String, offset: UInt64, size: UInt64, available: Int)
  /// A record that does not begin with its signature.
  case badRecord(what: String, offset: Int)
  /// An entry that is compressed.
  case compressed(entry: String)
  /// An entry that is encrypted.
  case encrypted(entry: String)
  /// Two entries of one name.
  case duplicate(entry: String)
  /// No `data.pkl`.
  case noPickle
  /// A `data.pkl` too large to be one.
  case pickleTooLarge(bytes: Int, limit: Int)
  /// Saved on a big-endian machine.
  case bigEndian
  /// A storage that the pickle names and the archive lacks.
  case noStorage(key: String)

  /// What is wrong.
  public var description: String {
    switch self {
    case .noDirectory: "the zip directory at its end is missing (was it cut short?)"
    case .beyondEnd(let what, let offset, let size, let available):
      "\(what) should lie at byte \(offset) with \(size) bytes, but the file has \(available)"
    case .badRecord(let what, let offset): "there is no \(what) at byte \(offset)"
    case .compressed(let entry): "entry \(entry) is compressed, which PyTorch never does"
    case .encrypted(let entry): "entry \(entry) is encrypted"
    case .duplicate(let entry): "there are two entries named \(entry)"
    case .noPickle: "it has no data.pkl"
    case .pickleTooLarge(let bytes, let limit): "its data.pkl has \(bytes) bytes, more than the \(limit) allowed"
    case .bigEndian: "it was saved on a big-endian machine; save it on a little-endian one"
    case .noStorage(let key): "the storage data/\(key) is missing"
    }
  }
}

/// What can be wrong with the pickle of a `.pt`.
public enum PickleFault: Error, Equatable, CustomStringConvertible {
  /// It ends within an instruction or before the last one.
  case truncated
  /// An instruction that tensor dictionaries do not use.
  case unknownInstruction(UInt8)
  /// The name of something to import that no tensor dictionary needs.
  case forbiddenName(String)
  /// An instruction that finds something else than it needs.
  case unexpected(String)
  /// Containers within containers without end.
  case tooDeep(limit: Int)

  /// What is wrong, as a verb and its object.
  public var description: String {
    switch self {
    case .truncated: "ends too early"
    case .unknownInstruction(let code):
      "has the instruction 0x\(String(code, radix: 16)), which tensor dictionaries do not use"
    case .forbiddenName(let name): "names \(name), which a checkpoint has no need of"
    case .unexpected(let what): "is not a dictionary of tensors: \(what)"
    case .tooDeep(let limit): "nests more than \(limit) levels deep"
    }
  }
}

/// What can be wrong with the description of one tensor.
public enum TensorFault: Error, Equatable, CustomStringConvertible {
  /// A shape with negative sizes or more elements than can be counted.
  case badShape([Int])
  /// A view that reaches outside its storage.
  case outsideStorage(shape: [Int], strides: [Int], offset: Int, elements: Int)
  /// A view with more elements than its storage, some being repeated.
  case repeats(shape: [Int], elements: Int)
  /// A storage of fewer bytes than its elements need.
  case storageTooShort(needed: Int, found: Int)

  /// What is wrong, as a verb and its object.
  public var description: String {
    switch self {
    case .badShape(let shape): "cannot have the shape \(shape)"
    case .outsideStorage(let shape, let strides, let offset, let elements):
      "with shape \(shape), strides \(strides) and offset \(offset) reaches outside its storage of \(elements) elements"
    case .repeats(let shape, let elements):
      "of shape \(shape) repeats the \(elements) elements of its storage; save it with .contiguous()"
    case .storageTooShort(let needed, let found): "needs a storage of \(needed) bytes, but it has \(found)"
    }
  }
}
