import DiffusionCommandLine
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import TensorCore

/// Starts a run.
///
/// - Throws: `TrainingError`; `Interrupted`, once a checkpoint has been written.
func train(_ options: Options, in folder: String) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  var run = try TrainingRun(options.training, folder: folder)
  try takeSteps(&run, options)
}

/// Continues a run; options override what it was started with.
///
/// - Throws: `UsageError`; as `train`.
func resume(_ folder: String, _ words: [String]) throws {
  let begun = try recordedRequest(try RunRecord.read(from: folder))
  let options = try parseTraining(words, resuming: begun)
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  var run = try TrainingRun(resuming: folder, as: options.training)
  try takeSteps(&run, options)
}

/// Takes the remaining steps, unless a signal stops it.
private func takeSteps(_ run: inout TrainingRun, _ options: Options) throws {
  func say(_ line: String) { if !options.quiet { writeError(line + "\n") } }
  introduction(run, options).forEach(say)
  Interruption.watch()
  var progress = TrainingProgress(
    style: ProgressStyle(named: options.progress?.rawValue, quiet: options.quiet), first: run.stepsTaken, end: run.end)
  defer { progress.finish() }
  do {
    while !run.isFinished {
      let report = try run.step(drawingWhile: { !Interruption.hasCome })
      progress.advance(to: run.stepsTaken, loss: report.meanLoss, batch: report.loss.count)
      try Interruption.check()
    }
  } catch let interrupted as Interrupted {
    progress.finish()
    try run.save()
    say(
      "saved step \(grouped(run.stepsTaken)); continue with: \(shellLine(["train", "--resume", operand(run.folder)]))")
    throw interrupted
  }
  progress.finish()
  let use = run.request.isClassifier ? ("guide", "--classifier") : ("draw", "--model")
  say("\(run.folder): done; \(use.0) with: \(shellLine(["sample", use.1, operand(run.folder)]))")
}

/// The lines printed before the first step.
private func introduction(_ run: borrowing TrainingRun, _ options: Options) -> [String] {
  let data = run.data
  let classes = data.classCount.map { " of \($0) classes" } ?? ""
  let end = run.end.map { ", \(grouped($0)) steps" } ?? ", until interrupted (Ctrl-C saves)"
  var lines = [
    "\(grouped(run.parameterCount)) parameters, "
      + "\(grouped(data.count)) images of \(data.imageSize)×\(data.imageSize)\(classes), "
      + "batches of \(run.request.batchSize)\(end)"
  ]
  if data.skipped > 0 { lines.append("\(data.skipped) .jpg or .gif files are skipped: only PNGs are read") }
  if options.run.wantsHalf { lines.append("--use-fp16 has no effect: everything is computed in float32") }
  if run.isResumed {
    lines.append(
      run.savedStep.map { "continuing from step \(grouped($0))" } ?? "there is no checkpoint yet: starting at step 0")
  }
  return lines
}
