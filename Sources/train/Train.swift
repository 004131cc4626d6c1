import DiffusionCommandLine
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import TensorCore

/// Starts a run.
///
/// - Throws: `TrainingError`; `FailedRun`; `Interrupted`, once a checkpoint has been written.
func train(_ options: Options, in folder: String) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  var looking = CountProgress(
    "looking at the pictures", style: ProgressStyle(named: options.progress?.rawValue, quiet: options.quiet))
  var run = try TrainingRun(options.training, folder: folder) { looking.advance(to: $0, of: $1) }
  looking.finish()
  try takeSteps(&run, options)
}

/// Continues a run; options override what it was started with.
///
/// - Parameter path: its folder, or a file of its last checkpoint.
/// - Throws: `UsageError`; as `train`.
func resume(_ path: String, _ words: [String]) throws {
  let folder = try RunRecord.folder(named: path)
  let begun = try recordedRequest(try RunRecord.read(from: folder))
  let options = try parseTraining(words, resuming: begun)
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  var looking = CountProgress(
    "looking at the pictures", style: ProgressStyle(named: options.progress?.rawValue, quiet: options.quiet))
  var run = try TrainingRun(resuming: folder, as: options.training) { looking.advance(to: $0, of: $1) }
  looking.finish()
  try takeSteps(&run, options)
}

/// Takes the remaining steps, unless a signal stops it.
private func takeSteps(_ run: inout TrainingRun, _ options: Options) throws {
  func say(_ line: String) { if !options.quiet { writeError(line + "\n") } }
  introduction(run, options).forEach(say)
  if run.isFinished {
    let words = shellLine(["train", "--resume", operand(run.folder), "--steps", "\(2 * run.stepsTaken)"])
    return say("\(shown(run)): all \(grouped(run.stepsTaken)) steps are taken already; for more, type \(words)")
  }
  Interruption.watch(
    saying: options.quiet ? nil : "finishing this step, then saving; Ctrl-C again stops without saving\n")
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
  } catch {
    progress.finish()
    throw FailedRun(error, &run)
  }
  progress.finish()
  let use = run.request.isClassifier ? ("guide", "--classifier") : ("draw", "--model")
  say("\(shown(run)): done; \(use.0) with: \(shellLine(["sample", use.1, operand(run.folder)]))")
}

private func shown(_ run: borrowing TrainingRun) -> String { escapingControls(run.folder) }

/// The lines printed before the first step.
private func introduction(_ run: borrowing TrainingRun, _ options: Options) -> [String] {
  let data = run.data
  let classes = data.classCount.map { " of \($0) \($0 == 1 ? "class" : "classes")" } ?? ""
  let end = run.end.map { ", \(grouped($0)) steps" } ?? ", until interrupted (Ctrl-C saves)"
  var lines = [
    "\(grouped(run.parameterCount)) parameters, "
      + "\(grouped(data.count)) \(data.count == 1 ? "image" : "images") of "
      + "\(data.imageSize)×\(data.imageSize)\(classes), "
      + "batches of \(run.request.batchSize)\(end)"
  ]
  lines += data.notes(channelsAreGiven: options.training.saysChannels)
  if options.run.wantsHalf { lines.append("--use-fp16 has no effect: everything is computed in float32") }
  lines += run.remarks
  if run.isResumed {
    lines.append(
      run.savedStep.map { "continuing from step \(grouped($0))" }
        ?? "there is no checkpoint: starting at step \(grouped(run.stepsTaken)), and with new logs")
  } else if run.loop.averages.contains(where: \.rate.warmsUp) {
    lines.append("the averages warm up (--ema-warm-up False keeps their rate constant)")
  }
  return lines
}
