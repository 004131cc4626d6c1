import DiffusionCommandLine
import DiffusionModels
import DiffusionScoring
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import TensorCore

/// Starts a run.
///
/// - Throws: `TrainingError`; `FailedRun`; `Interrupted`, once a checkpoint has been written.
func train(_ options: Options, in folder: String) throws {
  try takeSteps(options) { try TrainingRun(options.training, folder: folder, looking: $0) }
}

/// Continues a run; options override what it was started with.
///
/// - Parameter path: its folder, or a file of its last checkpoint.
/// - Throws: `UsageError`; as `train`.
func resume(_ path: String, _ words: [String]) throws {
  let folder = try RunRecord.folder(named: path)
  let begun = try recordedRequest(try RunRecord.read(from: folder))
  let options = try parseTraining(words, resuming: begun)
  try takeSteps(options) { try TrainingRun(resuming: folder, as: options.training, looking: $0) }
}

func progressStyle(_ options: Options) -> ProgressStyle {
  ProgressStyle(named: options.progress?.rawValue, quiet: options.quiet)
}

/// Takes the remaining steps, unless a signal stops it.
///
/// - Parameter open: opens the run, and tells its argument how many pictures it has looked at.
private func takeSteps(_ options: Options, _ open: (@escaping (Int, Int) -> Void) throws -> TrainingRun) throws {
  func say(_ line: String) { if !options.quiet { writeError(line + "\n") } }
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  // What is wrong with the network or the reference is said before there is a run.
  let style = progressStyle(options)
  var scores = try StageProgress.shown(style: style) { try TrainingScores(options.training, looking: $0) }
  var run = try CountProgress.shown("looking at the pictures", style: style, open)
  introduction(run, options).forEach(say)
  if run.isFinished {
    let words = shellLine(["train", "--resume", operand(run.folder), "--steps", "\(2 * run.stepsTaken)"])
    return say("\(shown(run)): all \(grouped(run.stepsTaken)) steps are taken already; for more, type \(words)")
  }
  try prepare(&scores, run, options)
  Interruption.watch(
    saying: options.quiet ? nil : "finishing this step, then saving; Ctrl-C again stops without saving\n")
  var progress = TrainingProgress(style: progressStyle(options), first: run.stepsTaken, end: run.end)
  defer { progress.finish() }
  do {
    var remarks: Set<String> = []
    while !run.isFinished {
      let report = try run.step(drawingWhile: { !Interruption.hasCome }) {
        progress.clear()
        return measures(of: $0, scores, options, &remarks)
      }
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
  say("\(shown(run)): done; \(run.advice)")
}

/// Computes what scores need of their reference. Nothing is lost if a signal stops it, not even what is computed.
private func prepare(_ scores: inout TrainingScores?, _ run: borrowing TrainingRun, _ options: Options) throws {
  guard scores != nil else { return }
  if let bad = scores?.bad, !bad.isEmpty, !options.quiet {
    writeError(ImageDataset.leftOut(bad).map { $0 + "\n" }.joined())
  }
  try StageProgress.shown(style: progressStyle(options)) { advance in
    try scores?.prepare(
      run.data, folder: run.folder, progress: { advance("features of the reference", $0, $1) }, stage: advance)
  }
}

/// What is logged of a model in training, which is also said. What goes wrong with a score ends no run.
///
/// - Parameter remarks: those that have been made, each of which is made once.
private func measures(
  of source: ModelSource, _ scores: TrainingScores?, _ options: Options, _ remarks: inout Set<String>
) -> [(key: String, value: Double)] {
  let name = sanitized(source.name)
  do {
    let score = try CountProgress.shown("pictures for a score", style: progressStyle(options)) { advance in
      try scores?(source) {
        if $0 > 0 { advance($0, $1) }
        try Interruption.check()
      }
    }
    let new = (score?.remarks ?? []).filter { remarks.insert($0).inserted }.map { "note: \($0)" }
    if !options.quiet { writeError((["\(name): \(score?.summary ?? "")"] + new).map { $0 + "\n" }.joined()) }
    return score?.measures ?? []
  } catch is Interrupted {
    writeError("\(name) is not scored\n")
    return []
  } catch {
    writeError("\(name) is not scored: \(sanitizedLine("\(error)"))\n")
    return []
  }
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
