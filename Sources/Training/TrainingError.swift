import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import DiffusionText
import TensorCore

/// An error in starting or continuing training. Every description is one sentence that says what to do, with settings
/// spelled as on the command line (`--clip-gradients` is `TrainingRequest.clipGradients`).
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// The request has an invalid value or combination (`TrainingRequest.problem`).
  case request(String)
  /// The training data cannot be loaded.
  case data(DatasetError)
  /// The model is impossible.
  case model(ModelError)
  /// A checkpoint cannot be read, or belongs to another network.
  case checkpoint(CheckpointError)
  /// The schedule sampler's state in a checkpoint belongs to another sampler.
  case state(file: String, ScheduleSamplerError)
  /// The log cannot be kept.
  case log(TrainingLogError)
  /// A sample sheet cannot be made.
  case image(ImageError)
  /// A file or folder cannot be read or written.
  case file(FileError)
  /// The gradient of a step, counted from 0, is not finite.
  case diverged(step: Int)
  /// The folder for a new run already has one.
  case runExists(folder: String)
  /// The folder for a new run has a file that the run would replace in time.
  case wouldReplace(folder: String, file: String)
  /// The folder of a run to resume has rows of steps whose checkpoints are gone.
  case checkpointsAreGone(folder: String, row: Int)
  /// Another process is using the run's folder.
  case inUse(folder: String)
  /// A `run.json` was not written by any version.
  case notARun(path: String)
  /// The request in a `run.json` has something that this version does not know.
  case unknownRequest(path: String, reason: String)
  /// A `run.json` from an earlier version has command-line arguments instead of a request.
  case earlierVersion(path: String)
  /// The folder to resume from has no complete checkpoint: `missing` names the files that the newest step lacks,
  /// `weights` is its model if that is there.
  case nothingToResume(folder: String, missing: String, weights: String?)
  /// Files of the checkpoint to resume from are damaged; the sentence names them, and says how to go on without them.
  case damaged(String)
  /// The data has other classes than a checkpoint has learned; the sentence names them.
  case otherClasses(String)
  /// The data of a run to resume is not where it was.
  case dataMoved(path: String, folder: String)
  /// A file was named in place of the folder of a run to resume.
  case notAFolder(String)

  /// A one-sentence description.
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
      "step \(step): the gradient is not finite any more, so the step is not taken; the learning rate is too high"
    case .runExists(let folder):
      "\(folder): holds a run already; "
        + "type \(shellLine(["train", "--resume", operand(folder)])) to continue it, or another --out"
    case .wouldReplace(let folder, let file):
      "\(folder): holds \(file), which a new run would replace; choose another --out, or move that file away"
    case .checkpointsAreGone(let folder, let row):
      "\(folder): its checkpoints are gone, though the run took \(row) steps; put its .safetensors files back, "
        + "or start a new run with another --out"
    case .inUse(let folder): "\(folder): another train process is using it; wait for it to end, or stop it"
    case .notARun(let path): "\(path): is not what train has written; start a new run with --data and --out"
    case .unknownRequest(let path, let reason):
      "\(path): asks for what this version does not know: \(reason)"
    case .earlierVersion(let path):
      "\(path): was written by an earlier version, and only the program train can read it; continue with train --resume"
    case .nothingToResume(let folder, let missing, let weights):
      "\(folder): has no checkpoint to resume from (\(missing)); "
        + (weights.map { "to begin with its weights, add --resume-checkpoint \(shellQuoted($0)) to a new run" }
          ?? "start a new run with another --out")
    case .damaged(let sentence), .otherClasses(let sentence): sentence
    case .dataMoved(let path, let folder):
      "\(path): is not there any more; if the run's data has moved, type "
        + "\(shellLine(["train", "--resume", operand(folder), "--data"])) and its new place"
    case .notAFolder(let sentence): sentence
    }
  }
}

/// Calls `body`, and converts errors of lower layers to `TrainingError`.
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
