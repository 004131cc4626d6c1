import DiffusionCommandLine
import DiffusionScoring
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import TensorCore

/// Prints what a run would take, and what its data is. Writes nothing.
///
/// - Throws: `TrainingError`, also if a run would be refused because of bad pictures; `FileError` if standard output
///   cannot be written.
func dryRun(_ options: Options) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  _ = try StageProgress.shown(style: progressStyle(options)) { try TrainingScores(options.training, looking: $0) }
  var request = options.training
  // All else is of interest even if some pictures are bad.
  request.skipsBad = true
  let estimate = try CountProgress.shown("looking at the pictures", style: progressStyle(options)) {
    try TrainingEstimate(request, looking: $0)
  }
  let data = estimate.data
  let isRefused = !data.bad.isEmpty && !options.training.skipsBad
  // The error lists them.
  let notes = data.notes(channelsAreGiven: options.training.saysChannels, listsBad: !isRefused)
  try printText((estimate.table + notes + estimate.remarks).map { $0 + "\n" }.joined())
  if isRefused {
    throw TrainingError.data(.files(path: request.data, .bad(data.bad, of: data.count + data.bad.count)))
  }
}
