import DiffusionCommandLine
import DiffusionFiles
import DiffusionOutput
import DiffusionTerminal
import DiffusionText
import Sampling

/// Draws images, writing each batch as soon as it is finished.
///
/// - Throws: any error before the first step, `FileError` if something cannot be written, `Interrupted`.
func draw(_ options: Options) throws {
  let start = ContinuousClock.now
  var options = options
  if let found = try options.output.recordedSeed(of: options.request, outputProgram) {
    options.request.seed = found.seed
    writeNotes(["seed \(found.seed), as in \(found.path)"], unless: options.quiet)
  }
  let model = try openModel(options)
  let plan = try SamplingPlan(options.request, model)
  var run = try DrawingRun(plan, options.output, outputProgram)
  introduce(model, options)
  if let guide = plan.guide { introduce(guide.model, options) }
  writeNotes(plan.remarks + [run.output.remark].compactMap(\.self), unless: options.quiet)
  if options.dryRun { return try dryRun(plan, name: run.output.name) }
  if plan.indices.isEmpty {
    // More shards than images is not an error.
    if !options.quiet { writeError("there are fewer images than shards: nothing to draw for this one\n") }
    return
  }
  let loaded = ContinuousClock.now

  Interruption.watch(saying: options.quiet ? nil : "ending with this step; Ctrl-C again stops at once\n")
  let further =
    plan.sampler.modelEvaluations(of: plan.process, steps: 3)
    - plan.sampler.modelEvaluations(of: plan.process, steps: 2)
  var progress = ProgressBar(
    style: progressStyle(options), images: plan.indices.count, steps: plan.schedule.steps.count,
    note: further == 1 ? "" : " (\(further) passes each)")
  defer { progress.finish() }
  var preview =
    options.preview
    ? try Preview(
      channels: plan.pictureShape[0], scale: model.specification.autoencoder?.scale ?? 1, pictures: model.pictures(of:))
    : nil
  do {
    try run.run(
      onStep: { state, images in
        try preview?.show(state)
        progress.advance(by: images, step: state.step)
        try Interruption.check()
      },
      onKept: {
        progress.skip()
        try Interruption.check()
      })
    try preview?.finish()
  } catch {
    progress.finish()
    let (done, keepsFiles) = (run.kept + run.drawn, run.output.keepsImages)
    // A full disk ends a run as Ctrl-C does; before the first image there is nothing to go on with.
    guard error is Interrupted || error is FileError && keepsFiles && done > 0 && !options.quiet else { throw error }
    let what = error is Interrupted ? "interrupted" : "stopped"
    let kept = keepsFiles ? "\(done) of \(plan.indices.count) images are drawn" : "nothing is written"
    writeError(
      """
      \(what): \(kept); to continue, type
      \(shellLine(resuming(options, plan, keepsFiles: keepsFiles)))

      """)
    throw error
  }
  progress.finish()
  try report(run, options, load: loaded - start, draw: ContinuousClock.now - loaded)
}

/// Writes the statistics of a finished run and its last line.
private func report(_ run: DrawingRun, _ options: Options, load: Duration, draw: Duration) throws {
  let plan = run.plan
  if let path = options.output.stats {
    let json = try Statistics(plan, drawn: run.drawn, load: load, draw: draw).json()
    if path == "-" { try printText(json) } else { try writeAtomically(Array(json.utf8), to: path) }
  }
  // Said to those who want to hear nothing too: the picture is none.
  if let warning = run.warning { writeError("warning: \(warning)\n") }
  guard !options.quiet else { return }
  let all = plan.indices.count
  let kept = run.kept == 0 ? "" : ", of which \(run.kept) were on disk already"
  let images = all == 1 && run.kept == 0 ? "" : "\(all) \(all == 1 ? "image" : "images")\(kept), "
  let steps = plan.schedule.steps.count
  // What cannot be compared may have been drawn with another seed, in other steps.
  let how =
    run.output.remark == nil
    ? "seed \(plan.seed), \(steps) \(plan.sampler.title) \(steps == 1 ? "step" : "steps"), " : ""
  writeError("\(run.output.name): \(images)\(how)\(decimal((load + draw).seconds, 2)) s\n")
}

/// The command line that continues an interrupted run, with the seed if it was random.
private func resuming(_ options: Options, _ plan: SamplingPlan, keepsFiles: Bool) -> [String] {
  var words = Array(CommandLine.arguments.prefix { $0 != "--" })
  if options.request.seed == nil { words += ["--seed", "\(plan.seed)"] }
  if keepsFiles {
    words.removeAll { $0 == "--overwrite" }
    if !options.output.resume { words.append("--resume") }
  }
  return words
}

/// What this program provides for outputs.
let outputProgram = OutputProgram(
  earlierRequest: { try? RecordedDrawing($0).request }, standardOutput: { try writeToStandardOutput($0) })
