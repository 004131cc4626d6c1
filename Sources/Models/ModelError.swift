import DiffusionCheckpoints
import DiffusionFiles
import DiffusionText
import TensorCore

/// An error in loading a model, or in settings that contradict it. Every description is one sentence that names the
/// file and says what to do, with settings spelled as on the command line.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  /// The file cannot be read, or lacks a tensor that the network needs.
  case checkpoint(CheckpointError)
  /// No family recognises the tensor names.
  case unrecognized(model: String, tensor: String, families: [String])
  /// The file names a family that is none of these.
  case unknownFamily(model: String, family: String, families: [String])
  /// The tensors belong to a family's network, but no such network has this form.
  case architecture(model: String, ArchitectureError)
  /// A file next to the tensors contradicts them.
  case fileContradictsTensors(file: String, key: String, value: String, model: String, found: String)
  /// A stated setting contradicts the tensors.
  case statedContradictsTensors(flag: String, value: String, model: String, found: String)
  /// A stated setting contradicts a file next to the tensors.
  case statedContradictsFile(flag: String, value: String, file: String, found: String)
  /// A setting, or a combination of them, that no model of this kind can have; `reason` names it and says what to do.
  case unusable(reason: String)
  /// A tensor that the network does not use.
  case unusedTensor(model: String, tensor: String, shape: [Int], others: Int, network: String)

  /// A one-sentence description.
  public var description: String {
    switch self {
    case .checkpoint(let error): error.description
    case .unrecognized(let model, let tensor, let families):
      "\(model): holds no UNet of \(Self.list(families, "or")): "
        + "the name of its tensor \(tensor) belongs to none of them"
    case .unknownFamily(let model, let family, let families):
      """
      \(model): belongs to the family \(family); this version draws with \
      \(Self.list(families.map { "\($0)'s" }, "and")) models
      """
    case .architecture(let model, let error): "\(model): \(error)"
    case .fileContradictsTensors(let file, let key, let value, let model, let found):
      "\(file): \"\(key)\" is \(value), but the tensors of \(model) say \(found); correct it, or leave it out"
    case .statedContradictsTensors(let flag, let value, let model, let found):
      "--\(flag) \(value) contradicts \(model), whose tensors say \(found); leave --\(flag) out"
    case .statedContradictsFile(let flag, let value, let file, let found):
      "--\(flag) \(value) contradicts \(file), which says \(found); leave --\(flag) out"
    case .unusable(let reason): reason
    case .unusedTensor(let model, let tensor, let shape, let others, let network):
      """
      \(model): its tensor \(tensor) of shape \(shape) has no place in \
      \(withArticle(network))\(others == 0 ? "" : ", nor have \(others) others"); is it another kind of model?
      """
    }
  }

  private static func list(_ words: [String], _ conjunction: String) -> String {
    words.count < 2
      ? words.joined() : "\(words.dropLast().joined(separator: ", ")) \(conjunction) \(words[words.count - 1])"
  }
}
