import DiffusionText

/// A run that has failed, once what it has is saved. The description is one line that says why, and what to type to go
/// on.
public struct FailedRun: Error, CustomStringConvertible {
  /// What went wrong.
  public let reason: any Error
  /// Why, and what to type.
  public let description: String

  /// Saves what `run` has after `reason` has ended it.
  public init(_ reason: any Error, _ run: inout TrainingRun) {
    self.reason = reason
    let sentence: String
    let resuming = shellLine(["train", "--resume", operand(run.folder)])
    do {
      let saved = try run.saveAfterFailure()
      sentence = saved.map { "step \(grouped($0)) is saved" } ?? "no step was taken"
    } catch {
      let left = run.savedStep.map { "the last checkpoint is that of step \(grouped($0))" } ?? "there is no checkpoint"
      sentence = "\(left), and step \(grouped(run.stepsTaken)) cannot be saved"
    }
    let lower = "--lr \(run.request.learningRate / 10)"
    switch reason {
    case TrainingError.diverged where !run.hasTakenSteps:
      // The weights themselves give it.
      description = "\(reason); begin a new run with \(lower), or from an earlier step with --resume-checkpoint too"
    case TrainingError.diverged: description = "\(reason); \(sentence); continue with: \(resuming) \(lower)"
    default: description = "\(reason); \(sentence); continue with: \(resuming)"
    }
  }
}
