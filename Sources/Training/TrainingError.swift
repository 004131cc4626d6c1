import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import TensorCore

/// Why training cannot begin or go on. Every description is one sentence that says what to do; settings are spelled in it as the command
/// line spells them (`--clip-gradients` is `TrainingRequest.clipGradients`).
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// What of the request cannot be, or not together (`TrainingRequest.problem`).
  case request(String)
  /// There are no pictures to learn from.
  case data(DatasetError)
  /// There can be no such model.
  case model(ModelError)
  /// A checkpoint cannot be read, or is another network's.
  case checkpoint(CheckpointError)
  /// The state of the schedule sampler in a checkpoint is another sampler's.
  case state(file: String, ScheduleSamplerError)
  /// The log cannot be kept.
  case log(TrainingLogError)
  /// A sheet of samples cannot be made.
  case image(ImageError)
  /// A file or folder cannot be read or written.
  case file(FileError)
  /// The gradient of a step, counted from 0, is no longer a number.
  case diverged(step: Int)
  /// A folder for a new run has one already.
  case runExists(folder: String)
  /// Another process is at work in a run's folder.
  case inUse(folder: String)
  /// A `run.json` that no version has written.
  case notARun(path: String)
  /// A `run.json` whose request has what this version does not know.
  case unknownRequest(path: String, reason: String)
  /// A `run.json` of an earlier version, which has the words of a command line in place of a request.
  case earlierVersion(path: String)
  /// A folder to go on from has no whole checkpoint.
  case nothingToResume(folder: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .request(let problem): problem
    case .data(let error): error.description
    case .model(let error): error.description
    case .checkpoint(let error): error.description
    case .state(let file, let error): "\(file): \(error)"
    case .log(let error): error.description
    case .image(let error): error.description
    case .file(let error): error.description
    case .diverged(let step):
      "step \(step): the gradient is not finite any more; go on from an earlier checkpoint with a lower --lr, or with --clip-gradients 1"
    case .runExists(let folder):
      "\(folder): holds a run already; type train --resume \(folder) to go on with it, or another --out"
    case .inUse(let folder): "\(folder): another train is at work in it; wait for its end, or stop it"
    case .notARun(let path): "\(path): is not what train has written; begin anew with --data and --out"
    case .unknownRequest(let path, let reason):
      "\(path): asks for what this version does not know: \(reason)"
    case .earlierVersion(let path):
      "\(path): was written by an earlier version, whose words the program train reads; go on with train --resume"
    case .nothingToResume(let folder):
      "\(folder): has no checkpoint to go on from (no opt*.safetensors with its model); begin anew with another --out"
    }
  }
}

/// Calls `body`, and puts what a lower layer throws in this one's terms.
func inTrainingTerms<Result>(_ body: () throws -> Result) throws(TrainingError) -> Result {
  do { return try body() } catch let error as TrainingError { throw error } catch let error as DatasetError {
    throw .data(error)
  } catch let error as ModelError { throw .model(error) } catch let error as CheckpointError {
    throw .checkpoint(error)
  } catch let error as TrainingLogError { throw .log(error) } catch let error as ImageError {
    throw .image(error)
  } catch let error as FileError { throw .file(error) } catch {
    preconditionFailure("\(error) is not thrown here")
  }
}
