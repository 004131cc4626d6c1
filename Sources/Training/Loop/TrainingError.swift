import TensorCore

/// Why training cannot begin or go on. Every description is one sentence.
public enum TrainingError: Error, CustomStringConvertible {
  /// The gradient is no longer a number.
  case diverged(step: Int)
  /// A folder to go on from has no whole checkpoint.
  case nothingToResume(folder: String)
  /// A checkpoint's tensor or number that does not fit.
  case state(file: String, reason: String)

  /// One sentence that says what is wrong and what to do.
  public var description: String {
    switch self {
    case .diverged(let step):
      "step \(step): the gradient is not finite any more; go on from an earlier checkpoint with a lower --lr, or with --clip-gradients 1"
    case .nothingToResume(let folder):
      "\(folder): has no checkpoint to go on from (no opt*.safetensors with its model); begin anew with another --out"
    case .state(let file, let reason): "\(file): \(reason)"
    }
  }
}
