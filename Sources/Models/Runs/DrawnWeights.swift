import DiffusionCheckpoints
import DiffusionFiles
import DiffusionText

/// The weights of a run's folder that images are drawn with.
///
/// Of the newest step with all weights, or, if no step has all, with any: the slowest average that is founded
/// (`AverageRate.isFounded`), or the raw weights if none is. The optimizer's state is not needed.
public struct DrawnWeights: Sendable, Equatable {
  /// The path of their file.
  public let path: String
  /// What should be said of the choice, a phrase each: files that are missing, averages that are passed over.
  public let remarks: [String]

  /// The weights to draw with in `folder`; nil if it has none.
  ///
  /// - Throws: `CheckpointError` if the folder or a file cannot be read.
  public init?(in folder: String) throws(CheckpointError) {
    let files: RunFiles
    do { files = try RunFiles(in: folder) } catch { throw CheckpointError(error) }
    guard let step = files.drawnStep(), let kinds = files.kinds[step] else { return nil }
    var remarks: [String] = []
    if let newest = files.newest, newest != step {
      let missing = files.missing(files.averages.union([RunFolder.model]), at: newest)
      remarks.append("step \(newest) is incomplete (\(missing)), so step \(step) is drawn with")
    }
    var averages: [Average] = []
    for kind in kinds {
      if let rate = RunFolder.rate(ofKind: kind) { averages.append(try Average(folder, kind, rate, step: step)) }
    }
    averages.sort { $0.rate.rate > $1.rate.rate }
    let founded = averages.first { $0.rate.isFounded(after: $0.steps) }
    // If the raw weights are gone, the fastest average is nearest to them.
    let kind = founded?.kind ?? (kinds.contains(RunFolder.model) ? RunFolder.model : averages.last?.kind)
    guard let kind else { return nil }
    let passedOver = averages.prefix { $0.kind != kind }
    if let slowest = passedOver.first {
      let share = sanitized(decimal(100 * slowest.rate.shareOfFirstWeights(after: slowest.steps), 1))
      let others = passedOver.count > 1 ? ", and \(passedOver.count - 1) more averages are like it" : ""
      remarks.append(
        """
        \(share) % of \(slowest.file) is still the weights that it began with\(others); \
        \(kind == RunFolder.model ? "the raw weights draw better" : "a faster average draws better")
        """)
    }
    self.remarks = remarks
    path = "\(folder)/\(RunFolder.file(kind, step: step))"
  }

  /// An average after a step.
  private struct Average {
    let kind: String
    let file: String
    let rate: AverageRate
    /// The steps that it has followed.
    let steps: Int

    init(_ folder: String, _ kind: String, _ rate: Double, step: Int) throws(CheckpointError) {
      (self.kind, file) = (kind, RunFolder.file(kind, step: step))
      let metadata = try StateDict.read(path: "\(folder)/\(file)").metadata
      // Earlier versions' rates were constant, from the first step on.
      self.rate = AverageRate(rate, warmsUp: metadata[RunFolder.warmUpKey] == "True")
      steps = RunFolder.steps(RunFolder.stepsKey, in: metadata, after: step)
    }
  }
}
