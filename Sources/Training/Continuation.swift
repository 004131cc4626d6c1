import DiffusionFiles
import DiffusionModels

/// The checkpoint that a run goes on from: the newest that has all its files.
struct Continuation {
  /// Its step; nil if there is none, and the run begins anew.
  let step: Int?
  /// What should be said of files that are missing; nil if none are.
  let remark: String?

  /// Looks into the folder of a run that keeps averages at `rates`.
  ///
  /// - Throws: `TrainingError.nothingToResume` if there are checkpoints, but none is complete; `.file`.
  init(of folder: String, rates: [Double]) throws(TrainingError) {
    let files = try inTrainingTerms { try RunFiles(in: folder) }
    let wanted = TrainingCheckpoint.kinds(rates: rates)
    step = files.newest(having: wanted)
    guard let newest = files.newest else {
      remark = nil
      return
    }
    let missing = files.missing(wanted, at: newest)
    if let step {
      remark =
        newest == step ? nil : "step \(newest) is incomplete: \(missing)"
      return
    }
    let found = files.kinds[newest] ?? []
    // What a kill leaves of the first checkpoint: some files, or all but a part of the last.
    let isFirst = files.kinds.count == 1 && !found.contains(RunFolder.optimizer)
    let isLastUnfinished = AtomicFile.isUnfinished(RunFolder.file(RunFolder.optimizer, step: newest), in: folder)
    guard isFirst, !found.isSuperset(of: wanted.dropLast()) || isLastUnfinished else {
      let weights = "\(folder)/\(RunFolder.file(RunFolder.model, step: newest))"
      throw .nothingToResume(
        folder: folder, missing: missing, weights: found.contains(RunFolder.model) ? weights : nil)
    }
    remark = "the first checkpoint is incomplete: \(missing)"
    // Somebody may have removed the others, so these stay until the run comes to their step again.
    guard found.isSuperset(of: wanted.dropLast()) else { return }
    // Without the part of the last, they would look like a checkpoint whose optimizer somebody removed. The model goes
    // first.
    for kind in wanted where found.contains(kind) {
      try inTrainingTerms { try removeFile("\(folder)/\(RunFolder.file(kind, step: newest))") }
    }
  }
}
