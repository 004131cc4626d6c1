import DiffusionText
import TensorCore

/// Why a checkpoint cannot be read or used. Every description is one sentence that names the file, says what is wrong
/// with it and, if possible, what to do.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  /// The system refused: no such file, no permission, …
  case unreadable(file: String, reason: String)
  /// There is no such file, and its name is an address or that of a model on a hub, from which nothing is downloaded;
  /// `command` does.
  case notHere(file: String, command: String)
  /// It is a folder, in which there are these checkpoints.
  case folder(file: String, holding: [String] = [])
  /// It is the folder of a training run that has saved no weights.
  case runWithoutWeights(folder: String)
  /// The newest checkpoint of a run is damaged; the file of an earlier step that can be given instead.
  indirect case inRun(CheckpointError, earlier: String, step: Int)
  /// It is a pipe, a device or a socket, which cannot be mapped into memory.
  case notAFile(file: String)
  /// It is empty.
  case empty(file: String)
  /// Its first bytes are not those of a known kind of checkpoint.
  case unknownFormat(file: String)
  /// It is something else that is known.
  case other(file: String, OtherContents)
  /// It is JSON that describes a model, in place of the model.
  case descriptionAsModel(file: String)
  /// It is not a valid safetensors file.
  case safetensors(file: String, SafetensorsFault)
  /// It is not a valid PyTorch zip archive.
  case archive(file: String, ArchiveFault)
  /// It is not a valid stream of PyTorch before 1.6.
  case stream(file: String, StreamFault)
  /// Its pickle is invalid, or does more than a checkpoint needs.
  case pickle(file: String, offset: Int, PickleFault)
  /// One of its tensors has an invalid description.
  case tensor(file: String, name: String, TensorFault)
  /// It holds no tensors.
  case noTensors(file: String)
  /// It holds the state of an optimizer; the model is in another file.
  case optimizer(file: String)
  /// It holds an object of a class, such as a whole module, not its tensors by name.
  case wholeObject(file: String, type: String)
  /// It is not a valid index of a sharded checkpoint.
  case index(file: String, IndexFault)
  /// A file named in an index cannot be read.
  indirect case shard(index: String, CheckpointError)
  /// A tensor that the model needs is missing.
  case missingTensor(file: String, name: String, shape: [Int])
  /// A tensor has a different shape than the model needs.
  case wrongShape(file: String, name: String, found: [Int], needed: [Int])
  /// The channels of a normalisation are not shared evenly by its groups.
  case groups(file: String, name: String, channels: Int, groups: Int)
  /// A tensor that is part of another is missing.
  case missingPart(file: String, part: String, name: String)
  /// Two tensors to be stacked differ in more than the first dimension.
  case partShapes(
    file: String, name: String, first: String, firstShape: [Int], other: String, otherShape: [Int])
  /// Two tensors have the same name in the model.
  case nameTwice(file: String, name: String)
  /// A tensor has values that float16 cannot represent; `value` is the largest by magnitude.
  case overflowsHalf(file: String, name: String, value: Float)
  /// The model's description is not a JSON object.
  case descriptionNotJSON(file: String, reason: String)
  /// The model's description has a wrong value for a key.
  case description(file: String, key: String, expected: String)
  /// The model's description asks for something that is not supported.
  case unsupported(file: String, key: String, value: String, supported: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
    case .notHere(let file, let command):
      "\(file): there is no such file, and nothing is downloaded here; type \(command), and give what it brings"
    case .folder(let file, let names): Self.folder(file, names)
    case .runWithoutWeights(let folder):
      "\(folder): is a training run that has no checkpoint yet; let it save one, at its --save-interval or by Ctrl-C, "
        + "or go on with it: \(shellLine(["train", "--resume", operand(folder)]))"
    case .inRun(let error, let earlier, let step):
      "\(error); or give the file of step \(step) in place of the folder: \(shellQuoted(operand(earlier)))"
    case .notAFile(let file): "\(file): is not a regular file; save the checkpoint to disk first"
    case .empty(let file): "\(file): is empty; copy or download it again"
    case .unknownFormat(let file): "\(file): is neither a safetensors file nor a .pt that PyTorch saved"
    case .other(let file, let contents): "\(file): is \(contents.name); \(contents.advice)"
    case .descriptionAsModel(let file):
      "\(file): describes a model and holds none; give \(Self.described(by: file))"
    case .safetensors(let file, let fault): "\(file): is not a valid safetensors file: \(fault)"
    case .archive(let file, .torchScript):
      """
      \(file): is a TorchScript archive, which holds code; type \
      torch.save(torch.jit.load(\(pythonQuoted(file))).state_dict(), 'weights.pt') in Python, and give weights.pt
      """
    case .archive(let file, let fault): "\(file): is not a valid PyTorch archive: \(fault)"
    case .stream(let file, let fault): "\(file): is not a valid file of PyTorch before 1.6: \(fault)"
    case .pickle(let file, let offset, let fault):
      "\(file): its pickle, at byte \(offset), \(fault); nothing in it was run"
    case .tensor(let file, let name, let fault): "\(file): tensor \(name) \(fault)"
    case .noTensors(let file): "\(file): holds no tensors by name; save the model's state_dict()"
    case .optimizer(let file):
      "\(file): holds the state of an optimizer, not a model; give the model's or the EMA's file "
        + (file.hasSuffix(".safetensors") ? "(model*.safetensors, ema_*.safetensors)" : "(model*.pt, ema_*.pt)")
    case .wholeObject(let file, let type):
      """
      \(file): holds a whole object of the class \(type), which only the code that saved it can open; type \
      torch.save(torch.load(\(pythonQuoted(file)), weights_only=False).state_dict(), 'weights.pt') in Python there
      """
    case .index(let file, let fault): "\(file): is not a valid index of a sharded checkpoint: \(fault)"
    case .shard(let index, let error): "\(index): \(error)"
    case .missingTensor(let file, let name, let shape):
      """
      \(file): has no tensor \(name), which the model needs in shape \(shape); \
      is it another model?
      """
    case .wrongShape(let file, let name, let found, let needed):
      "\(file): tensor \(name) has shape \(found), but the model needs \(needed); is it a variant of its network?"
    case .groups(let file, let name, let channels, let groups):
      "\(file): the \(channels) channels of \(name) cannot be normalised in \(groups) groups; is it another network?"
    case .missingPart(let file, let part, let name):
      "\(file): has no tensor \(part), which the model needs as \(name); is it another model?"
    case .partShapes(let file, let name, let first, let firstShape, let other, let otherShape):
      """
      \(file): \(first) of shape \(firstShape) and \(other) of shape \(otherShape) do not make one \(name); \
      is it another model?
      """
    case .nameTwice(let file, let name): "\(file): has two tensors for \(name); is it two models in one file?"
    case .overflowsHalf(let file, let name, let value):
      "\(file): tensor \(name) has the value \(value), but float16 ends at 65504; write float32"
    case .descriptionNotJSON(let file, let reason): "\(file): does not describe a model in JSON (\(reason))"
    case .description(let file, let key, let expected): "\(file): \"\(key)\" should be \(expected)"
    case .unsupported(let file, let key, let value, let supported):
      "\(file): \"\(key)\" is \(value), but only \(supported) can be used"
    }
  }
}
