import TensorCore

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
  /// It is no proper safetensors file.
  case safetensors(file: String, SafetensorsFault)
  /// It is no proper zip archive as PyTorch writes them.
  case archive(file: String, ArchiveFault)
  /// It is no proper stream as PyTorch wrote them before 1.6.
  case stream(file: String, StreamFault)
  /// Its pickle holds what a checkpoint has no need of.
  case pickle(file: String, offset: Int, PickleFault)
  /// One of its tensors is described wrongly.
  case tensor(file: String, name: String, TensorFault)
  /// It holds no tensors.
  case noTensors(file: String)
  /// It holds the state of an optimizer, which goes with a model in another file.
  case optimizer(file: String)
  /// It is no proper index of a sharded checkpoint.
  case index(file: String, IndexFault)
  /// One of the files that an index names cannot be read.
  indirect case shard(index: String, CheckpointError)
  /// A tensor that the model needs is not there.
  case missingTensor(file: String, name: String, shape: [Int])
  /// A tensor has another shape than the model needs.
  case wrongShape(file: String, name: String, found: [Int], needed: [Int])
  /// A tensor of which another is to be made is not there.
  case missingPart(file: String, part: String, name: String)
  /// Two tensors that are to be stacked have other shapes apart from the first dimension.
  case partShapes(
    file: String, name: String, first: String, firstShape: [Int], other: String, otherShape: [Int])
  /// Two tensors are the same part of the model.
  case nameTwice(file: String, name: String)
  /// A tensor has numbers that float16 cannot hold; `value` is the largest by magnitude.
  case overflowsHalf(file: String, name: String, value: Float)
  /// The model's description is no JSON object.
  case descriptionNotJSON(file: String, reason: String)
  /// The model's description has something else under a key than belongs there.
  case description(file: String, key: String, expected: String)
  /// The model's description asks for what this program does not do.
  case unsupported(file: String, key: String, value: String, supported: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
    case .folder(let file):
      "\(file): is a folder, and not one that diffusers saved (it has no diffusion_pytorch_model); give the .pt or .safetensors file in it"
    case .notAFile(let file): "\(file): is not a regular file; save the checkpoint to disk first"
    case .empty(let file): "\(file): is empty; copy or download it again"
    case .unknownFormat(let file): "\(file): is neither a safetensors file nor a .pt that PyTorch saved"
    case .safetensors(let file, let fault): "\(file): is not a sound safetensors file: \(fault)"
    case .archive(let file, let fault): "\(file): is not a sound PyTorch archive: \(fault)"
    case .stream(let file, let fault): "\(file): is not a sound file of PyTorch before 1.6: \(fault)"
    case .pickle(let file, let offset, let fault):
      "\(file): its pickle, at byte \(offset), \(fault); nothing in it was run"
    case .tensor(let file, let name, let fault): "\(file): tensor \(name) \(fault)"
    case .noTensors(let file): "\(file): holds no tensors by name; save the model's state_dict()"
    case .optimizer(let file):
      "\(file): holds the state of an optimizer, not a model; give the model's or the EMA's file (model*.pt, ema_*.pt)"
    case .index(let file, let fault): "\(file): is not a sound index of a sharded checkpoint: \(fault)"
    case .shard(let index, let error): "\(index): \(error)"
    case .missingTensor(let file, let name, let shape):
      "\(file): has no tensor \(name), which the model needs in shape \(shape); is it another model, or are the model flags wrong?"
    case .wrongShape(let file, let name, let found, let needed):
      "\(file): tensor \(name) has shape \(found), but the model needs \(needed); check the model flags"
    case .missingPart(let file, let part, let name):
      "\(file): has no tensor \(part), which the model needs as \(name); is it another model?"
    case .partShapes(let file, let name, let first, let firstShape, let other, let otherShape):
      "\(file): \(first) of shape \(firstShape) and \(other) of shape \(otherShape) do not make one \(name); is it another model?"
    case .nameTwice(let file, let name): "\(file): has two tensors for \(name); is it two models in one file?"
    case .overflowsHalf(let file, let name, let value):
      "\(file): tensor \(name) goes to \(value), but float16 ends at 65504; write float32"
    case .descriptionNotJSON(let file, let reason): "\(file): does not describe a model in JSON (\(reason))"
    case .description(let file, let key, let expected): "\(file): \"\(key)\" should be \(expected)"
    case .unsupported(let file, let key, let value, let supported):
      "\(file): \"\(key)\" is \(value), but only \(supported) can be drawn with"
    }
  }
}
