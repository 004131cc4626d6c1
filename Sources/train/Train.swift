import DiffusionCommandLine
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import TensorCore

/// Begins a run and takes its steps.
///
/// - Throws: `TrainingError`; `Interrupted`, once a checkpoint has been written.
func train(_ options: Options, in folder: String) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  var run = try TrainingRun(options.training, folder: folder)
  try takeSteps(&run, options)
}

/// Goes on with a run; what is typed now counts in place of what it was begun with.
///
/// - Throws: `UsageError`; as `train`.
func resume(_ folder: String, _ words: [String]) throws {
  let begun = try recordedRequest(try RunRecord.read(from: folder))
  let options = try parseTraining(words, resuming: begun)
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  var run = try TrainingRun(resuming: folder, as: options.training)
  try takeSteps(&run, options)
}

/// Takes the steps that are left, or those until a signal comes.
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
      progress.advance(to: run.stepsTaken, loss: report.loss, batch: report.loss.count)
      try Interruption.check()
    }
  } catch let interrupted as Interrupted {
    progress.finish()
    try run.save()
    say("saved step \(grouped(run.stepsTaken)); go on with: \(shellLine(["train", "--resume", run.folder]))")
    throw interrupted
  }
  progress.finish()
  let use = run.request.isClassifier ? ("guide", "--classifier") : ("draw", "--model")
  say("\(run.folder): done; \(use.0) with: \(shellLine(["sample", use.1, run.folder]))")
}

/// What is to be known before the first step.
private func introduction(_ run: borrowing TrainingRun, _ options: Options) -> [String] {
  let data = run.data
  let classes = data.classCount.map { " of \($0) classes" } ?? ""
  let end = run.end.map { ", \(grouped($0)) steps" } ?? ", until it is interrupted (Ctrl-C saves)"
  var lines = [
    "\(grouped(run.parameterCount)) parameters, \(grouped(data.count)) pictures of \(data.imageSize)×\(data.imageSize)\(classes), batches of \(run.request.batchSize)\(end)"
  ]
  if data.skipped > 0 { lines.append("\(data.skipped) .jpg or .gif are left out: only PNGs are read") }
  if options.run.wantsHalf { lines.append("--use-fp16 changes nothing: this computes in float32") }
  if run.isResumed {
    lines.append(
      run.savedStep.map { "going on from step \(grouped($0))" } ?? "there is no checkpoint yet: beginning at step 0")
  }
  return lines
}
