import DiffusionCheckpoints
import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import DiffusionPlatform
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import TensorCore

/// Trains as the words of a command line say.
///
/// - Throws: `UsageError`, `SettingsError`, and what reading data and checkpoints and writing files throws; `Interrupted` once a
///   checkpoint has been written.
func train(_ words: ArraySlice<String>) throws {
  var run = try Run(Array(words))
  Interruption.watch()
  try run.train()
}

/// A run of training.
struct Run {
  private let options: Options
  private let folder: String
  private let plan: ModelPlan
  private var loop: TrainLoop
  private let log: TrainingLog
  /// Held to the end.
  private let lock: RunLock
  private var values = MetricAverages()
  private var progress: TrainingProgress
  /// The steps to take in all, if there is an end.
  private let end: Int?
  /// The step of the last checkpoint.
  private var savedStep: Int?

  private var training: TrainingOptions { options.training }

  /// Prepares a run, or what is left of one.
  init(_ words: [String]) throws {
    guard case .train(let given) = try parseTraining(words) else {
      preconditionFailure("the words ask for no training")
    }
    var options = given
    var begun: RunRecord?
    var held: RunLock?
    if let folder = given.training.resume {
      let record = try RunRecord.read(from: folder)
      held = try RunLock(folder)
      // What is typed now counts after what was typed then; behind a -- there were no options.
      let then = Array(record.arguments.prefix { $0 != "--" })
      guard case .train(let all) = try parseTraining(then + words.removingValue(of: "--resume")) else {
        preconditionFailure("the words ask for no training")
      }
      options = all
      begun = record
    }
    self.options = options
    folder = given.training.resume ?? options.training.out ?? ""
    if let threads = options.threads { ThreadPool.shared.threads = threads }
    let training = options.training
    end = training.steps ?? training.annealSteps
    let (size, channels) = ModelPlan.pictures(options.modelFlags)
    let wantsClasses = training.isClassifier || options.modelFlags.classCond ?? false
    let data = try ImageDataset(
      path: training.data ?? "", imageSize: size, channels: channels, classes: wantsClasses)
    plan = try ModelPlan(options, classCount: data.classCount, classNames: data.classNames)

    let first = try training.resumeCheckpoint.map { Weights(try StateDict.read(path: $0)) }
    let weights = (first ?? Weights(randomSeed: options.seed ?? 0)).asVariables()
    let loss = try plan.loss(weights)
    var settings = TrainingSettings()
    settings.seed = options.seed ?? 0
    settings.batchSize = training.batchSize
    settings.microbatch = training.microbatch ?? training.batchSize
    settings.learningRate = training.learningRate
    settings.weightDecay = training.weightDecay
    settings.annealSteps = training.annealSteps ?? (training.annealsOverAll ? training.steps : nil)
    settings.warmUpSteps = training.warmUp
    settings.clipGradients = training.clipGradients
    settings.emaRates = training.emaRates ?? (training.isClassifier ? [] : [0.9999])
    settings.nullClassProbability = training.nullClass ?? 0
    settings.nullClass = plan.nullClass
    settings.flip = training.flip
    let sampler: any ScheduleSampler =
      switch training.scheduleSampler {
      case .uniform: UniformSampler(seed: settings.seed, steps: plan.diffusion.count)
      case .lossSecondMoment: LossSecondMomentResampler(seed: settings.seed, steps: plan.diffusion.count)
      }
    loop = TrainLoop(
      settings, loss: loss, variables: weights.variables, data: data, sampler: sampler)

    if begun != nil {
      AtomicFile.removeStaleTemporaries(besides: "\(folder)/run.json")
      // A run may have been killed before its first checkpoint: then it begins as it did.
      if try TrainingCheckpoint.hasBegun(in: folder) {
        try TrainingCheckpoint.restore(&loop, from: folder)
        savedStep = loop.step
      }
    }
    lock = try held ?? Self.begin(folder, words, settings: "\(settings)")
    log = try TrainingLog(folder: folder, resumingFrom: begun == nil ? nil : loop.step)
    progress = TrainingProgress(options, first: loop.step, end: end)
    introduce(data, goesOn: begun != nil)
  }

  /// Makes the folder of a new run, in which there must be none yet.
  private static func begin(_ folder: String, _ words: [String], settings: String) throws -> RunLock {
    try makeFolder(folder)
    let lock = try RunLock(folder)
    if try kind(ofPath: "\(folder)/run.json") != .nothing {
      throw SettingsError(
        "\(folder): holds a run already; type train --resume \(folder) to go on with it, or another --out")
    }
    try RunRecord(version: programVersion, arguments: words, settings: ["training": settings]).write(to: folder)
    return lock
  }

  private func introduce(_ data: ImageDataset, goesOn: Bool) {
    guard !options.quiet else { return }
    let parameters = loop.variables.reduce(0) { $0 + $1.value.count }
    let classes = data.classCount.map { " of \($0) classes" } ?? ""
    var lines = [
      "\(grouped(parameters)) parameters, \(grouped(data.count)) pictures of \(data.imageSize)×\(data.imageSize)\(classes), batches of \(loop.settings.batchSize)"
        + (end.map { ", \(grouped($0)) steps" } ?? ", until it is interrupted (Ctrl-C saves)")
    ]
    if data.skipped > 0 { lines.append("\(data.skipped) .jpg or .gif are left out: only PNGs are read") }
    if options.training.wantsHalf { lines.append("--use-fp16 changes nothing: this computes in float32") }
    if goesOn {
      lines.append(
        savedStep.map { "going on from step \(grouped($0))" } ?? "there is no checkpoint yet: beginning at step 0")
    }
    writeError(lines.map { $0 + "\n" }.joined())
  }

  /// Takes the steps that are left.
  mutating func train() throws {
    do {
      while end.map({ loop.step < $0 }) ?? true {
        let report = try loop.runStep()
        try note(report)
        progress.advance(to: loop.step, loss: report.loss, batch: loop.settings.batchSize)
        if loop.step % training.saveInterval == 0 { try save() }
        if let interval = training.sampleInterval, loop.step % interval == 0 { try drawSamples() }
        try Interruption.check()
      }
    } catch let interrupted as Interrupted {
      progress.finish()
      try save()
      if !options.quiet {
        writeError("saved step \(grouped(loop.step)); go on with: \(shellLine(["train", "--resume", folder]))\n")
      }
      throw interrupted
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
    try save()
    if !options.quiet {
      writeError(
        "\(folder): done; \(training.isClassifier ? "guide" : "draw") with: \(shellLine(["sample", training.isClassifier ? "--classifier" : "--model", folder]))\n"
      )
    }
  }

  /// Adds a step to the log's means, and writes a row when it is time.
  private mutating func note(_ report: TrainLoop.Report) throws {
    let count = plan.diffusion.count
    func weighted(_ losses: [Float]) -> [Float] { zip(losses, report.weights).map { $0 * $1 } }
    values.set("samples", Double(loop.step * loop.settings.batchSize))
    values.add("loss", losses: weighted(report.loss), timesteps: report.steps, of: count)
    for term in report.terms {
      values.add(term.name, losses: weighted(term.values), timesteps: report.steps, of: count)
    }
    values.add("grad_norm", report.gradientNorm)
    values.set("lr", report.learningRate)
    guard loop.step % training.logInterval == 0 || loop.step == end else { return }
    try log.log(step: loop.step, values: values.values)
    values.removeAll()
  }

  private mutating func save() throws {
    guard savedStep != loop.step else { return }
    try TrainingCheckpoint.write(loop, to: folder, description: plan.description)
    savedStep = loop.step
  }

  private func drawSamples() throws {
    try makeFolder("\(folder)/samples")
    let digits = TrainingCheckpoint.digits(ofStep: loop.step)
    try drawSheet(loop, plan, to: "\(folder)/samples/\(digits).png") { try Interruption.check() }
  }
}

extension [String] {
  /// The words without an option and its value.
  fileprivate func removingValue(of option: String) -> [String] {
    var rest = self[...]
    var kept: [String] = []
    while let word = rest.popFirst() {
      if word == option {
        _ = rest.popFirst()
      } else if !word.hasPrefix(option + "=") {
        kept.append(word)
      }
    }
    return kept
  }
}
