import DiffusionCheckpoints
import DiffusionFiles
import DiffusionModels
import DiffusionText

extension TrainingError {
  /// This error in reading the checkpoint of `step` of the run in `folder`: `damaged`, with the commands to go on
  /// without it, if files of it are; otherwise unchanged.
  ///
  /// - Parameter rates: those of the run's averages.
  func inState(after step: Int, of folder: String, rates: [Double]) -> TrainingError {
    switch self {
    case .checkpoint(let error), .model(.checkpoint(let error)): if !error.isDamage { return self }
    default: return self
    }
    let wanted = TrainingCheckpoint.kinds(rates: rates)
    let damaged = wanted.filter { kind in
      do throws(CheckpointError) {
        _ = try StateDict.read(path: "\(folder)/\(RunFolder.file(kind, step: step))")
        return false
      } catch { return error.isDamage }
    }
    guard !damaged.isEmpty, let files = try? RunFiles(in: folder) else { return self }
    let names = damaged.map { RunFolder.file($0, step: step) }
    let are = names.count == 1 ? "is" : "are"
    let begin = "\(sanitized(folder)): \(listed(names)) \(are) damaged; "
    guard let earlier = files.kinds.filter({ $0.key < step && $0.value.isSuperset(of: wanted) }).keys.max() else {
      let weights = "\(folder)/\(RunFolder.file(RunFolder.model, step: step))"
      return .damaged(
        begin + "no earlier checkpoint is complete; start a new run with another --out"
          + (damaged.contains(RunFolder.model)
            ? "" : ", and with these weights: --resume-checkpoint \(shellQuoted(operand(weights)))"))
    }
    let removing = shellLine(["rm"] + names.map { operand("\(folder)/\($0)") })
    return .damaged(
      begin + "to go on from step \(earlier), type \(removing) && "
        + shellLine(["train", "--resume", operand(folder)]))
  }
}
