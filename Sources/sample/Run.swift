import DiffusionCommandLine
import DiffusionPlatform
import DiffusionTerminal
import DiffusionText
import TensorCore

/// Draws what the options ask for, a batch at a time, each written as it is finished: what a run holds does not grow with the
/// number of its images.
///
/// - Throws: what goes wrong before the first step, `ImageError` for what cannot be written, `Interrupted`.
func draw(_ options: Options) throws {
  let start = ContinuousClock.now
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let model = try Model(options)
  let plan = try Plan(options, model)
  if options.model != nil && !options.quiet { introduce(model) }
  var destination = try Destination(plan)
  var views = try DenoisingFiles(plan, destination)
  if options.dryRun { return try dryRun(plan, destination) }
  if plan.numbers.isEmpty {
    // One machine too many is no error.
    if !options.quiet { writeError("there are fewer images than shards: nothing to draw for this one\n") }
    return
  }
  let loaded = ContinuousClock.now

  Interruption.watch()
  try destination.open()
  var progress = ProgressBar(
    style: progressStyle(options), images: plan.numbers.count, steps: plan.path.steps.count,
    note: plan.sampler == .heun ? " of two passes" : "")
  defer { progress.finish() }
  var preview = try Preview(plan)
  var drawing = Drawing(plan)
  // Images of this run, and those that were there.
  var (drawn, there) = (0, 0)
  func drawBatch(_ images: [Int]) throws {
    let begin = ContinuousClock.now
    var step = 0
    let batch = try drawing.draw(images) { state in
      step += 1
      try views?.add(state)
      try preview?.show(state)
      progress.advance(by: images.count, step: step)
      try Interruption.check()
    }
    try destination.add(batch, time: ContinuousClock.now - begin)
    drawn += images.count
  }
  do {
    var waiting: [Int] = []
    for image in plan.numbers {
      try Interruption.check()
      if try destination.isThere(image) {
        progress.skip()
        there += 1
        continue
      }
      waiting.append(image)
      if waiting.count == plan.batch {
        try drawBatch(waiting)
        waiting = []
      }
    }
    if !waiting.isEmpty {
      // What is kept for tensors of the whole batches' sizes is of no use to a smaller one.
      if drawn > 0 { Tensor.releaseMemory() }
      try drawBatch(waiting)
    }
    try views?.write(destination)
    try destination.finish()
    try views?.finish()
    try preview?.finish()
  } catch let interrupted as Interrupted {
    progress.finish()
    let kept =
      destination.isFileEach ? "\(there + drawn) of \(plan.numbers.count) images are drawn" : "nothing is written"
    writeError(
      "interrupted: \(kept); to go on type\n\(shellLine(resuming(plan, keepsFiles: destination.isFileEach)))\n")
    throw interrupted
  }
  progress.finish()

  let end = ContinuousClock.now
  if let path = options.stats {
    try Statistics(plan, drawn: drawn, load: loaded - start, draw: end - loaded).write(to: path)
  }
  if !options.quiet {
    let all = plan.numbers.count
    let images = all == 1 ? "" : "\(all) images\(drawn == all ? "" : ", of which \(all - drawn) were there"), "
    writeError(
      "\(destination.name): \(images)seed \(plan.seed), \(plan.path.steps.count) \(plan.sampler.title) steps, \(decimal((end - start).seconds, 2)) s\n"
    )
  }
}

/// The command line that goes on with an interrupted run: with the seed if it was drawn.
private func resuming(_ plan: Plan, keepsFiles: Bool) -> [String] {
  var words = Array(CommandLine.arguments)
  if plan.options.seed == nil { words += ["--seed", "\(plan.seed)"] }
  if keepsFiles {
    words.removeAll { $0 == "--overwrite" }
    if !plan.options.resume { words.append("--resume") }
  }
  return words
}

/// Says what the model is taken for, and if it looks as if it were something else.
func introduce(_ model: Model) {
  writeError(model.settings.provenance(name: model.name) + "\n")
  let isAllSaid = model.settings.facts.allSatisfy { fact in
    if case .file = fact.source { true } else { fact.source == .tensors }
  }
  if !isAllSaid,
    let advice = DenoiserCheck(model.unet, model.settings).report(name: model.name, tryingOthers: false).advice
  {
    writeError("warning: \(advice)\n")
  }
}

func progressStyle(_ options: Options) -> ProgressBar.Style {
  if options.quiet { return .none }
  switch options.progress ?? .auto {
  case .auto: return isatty(STDERR_FILENO) == 1 ? .bar : .none
  case .bar: return .bar
  case .plain: return .plain
  case .none: return .none
  }
}
