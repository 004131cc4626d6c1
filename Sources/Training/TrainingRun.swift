import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import TensorCore

/// A training run, step by step, and its folder: checkpoints, `progress.csv` and `.jsonl`, `run.json`, sample sheets.
///
///     var run = try TrainingRun(TrainingRequest(data: "pictures", steps: 10_000), folder: "run")
///     while !run.isFinished {
///       let report = try run.step()
///       print(run.stepsTaken, report.meanLoss)
///     }
///
/// To stop early, leave the loop and call `save()`. `TrainingRun(resuming: "run")` continues from there, and its files
/// match those of an uninterrupted run byte for byte. That also holds after a process was killed, from its last
/// checkpoint. (A row of the log is the mean of the steps since the previous row, or since the run was resumed.)
///
/// Only one process at a time can use a folder. Nothing is printed. Steps run on the threads of `ThreadPool.shared`.
public struct TrainingRun: ~Copyable {
  /// The folder of the run's files.
  public let folder: String
  /// The model and its training.
  public let specification: TrainingSpecification
  /// Whether this continues an earlier run.
  public let isResumed: Bool
  /// The step of the last checkpoint, from this process or an earlier one; nil if there is none.
  public private(set) var savedStep: Int?
  /// The state: the weights, their EMAs and the optimizer's state.
  public private(set) var loop: TrainLoop
  private var averages = MetricAverages()
  private let log: TrainingLog
  /// Held for the lifetime of the run.
  private let lock: RunLock

  /// Starts a run. Creates the folder if it does not exist, and writes nothing before data and model are checked.
  ///
  /// - Throws: `TrainingError` for a faulty request, data or model; `.runExists`, `.inUse`, `.file`.
  public init(_ request: TrainingRequest, folder: String) throws(TrainingError) {
    let (specification, loop) = try Self.prepare(request, beginningWith: request.resumeCheckpoint)
    try inTrainingTerms { try makeFolder(folder) }
    let lock = try RunLock(folder)
    guard try inTrainingTerms({ try kind(ofPath: "\(folder)/\(RunRecord.file)") }) == .nothing else {
      throw .runExists(folder: folder)
    }
    try RunRecord(request, loop.settings).write(to: folder)
    let log = try inTrainingTerms { try TrainingLog(folder: folder) }
    self.init(specification, loop, folder: folder, isResumed: false, savedStep: nil, log, lock)
  }

  /// Resumes a run from its last checkpoint, or from its start if it ended before there was one.
  ///
  /// - Parameters:
  ///   - folder: the run's folder.
  ///   - request: replaces the request that the run was started with (`RunRecord`), to take more steps, for instance.
  ///     The network's shape cannot change.
  /// - Throws: `TrainingError`: as `init(_:folder:)`, and `.notARun`, `.unknownRequest`, `.earlierVersion`,
  ///   `.nothingToResume`, `.checkpoint`, `.state`, `.log`.
  public init(resuming folder: String, as request: TrainingRequest? = nil) throws(TrainingError) {
    let record = try RunRecord.read(from: folder)
    let known: TrainingRequest
    switch (request, record.beginning) {
    case (let request?, _), (nil, .request(let request)): known = request
    case (nil, .arguments): throw .earlierVersion(path: "\(folder)/\(RunRecord.file)")
    }
    if case .request(let first) = record.beginning,
      (first.settings.process ?? "diffusion") != (known.settings.process ?? "diffusion")
    {
      throw .request(
        "--process: \(folder) learns \(first.settings.process ?? "diffusion"), and cannot change that; leave it out")
    }
    let lock = try RunLock(folder)
    let hasBegun = try inTrainingTerms { try RunFolder.hasBegun(in: folder) }
    // Checkpoints already contain the initial weights.
    var (specification, loop) = try Self.prepare(known, beginningWith: hasBegun ? nil : known.resumeCheckpoint)
    AtomicFile.removeStaleTemporaries(besides: "\(folder)/\(RunRecord.file)")
    if hasBegun { try TrainingCheckpoint.restore(&loop, from: folder) }
    let step = loop.step
    let log = try inTrainingTerms { try TrainingLog(folder: folder, resumingFrom: step) }
    self.init(
      specification, loop, folder: folder, isResumed: true, savedStep: hasBegun ? step : nil, log, lock)
  }

  private init(
    _ specification: TrainingSpecification, _ loop: TrainLoop, folder: String, isResumed: Bool, savedStep: Int?,
    _ log: TrainingLog, _ lock: RunLock
  ) {
    (self.specification, self.loop, self.log, self.lock) = (specification, loop, log, lock)
    (self.folder, self.isResumed, self.savedStep) = (folder, isResumed, savedStep)
  }

  /// The data and the model before the first step.
  private static func prepare(
    _ request: TrainingRequest, beginningWith checkpoint: String?
  ) throws(TrainingError) -> (TrainingSpecification, TrainLoop) {
    if let problem = request.problem { throw .request(problem) }
    return try inTrainingTerms {
      if request.sampleInterval != nil { try SampleSheet.check(request) }
      let data = try ImageDataset(
        path: request.data, imageSize: request.imageSize, channels: request.imageChannels,
        classes: request.wantsClasses)
      let specification = try TrainingSpecification(
        request, classCount: data.classCount, classNames: data.classNames)
      let weights =
        try checkpoint.map { Weights(try StateDict.read(path: $0, signatures: ModelFamilies.signatures())) }
        ?? Weights(randomSeed: request.seed)
      let variables = weights.asVariables()
      let loss = try specification.loss(variables)
      let sampler = request.scheduleSampler.make(seed: request.seed, steps: specification.process.steps)
      let settings = TrainingSettings(request, nullClass: specification.description.nullClass)
      return (
        specification, TrainLoop(settings, loss: loss, variables: variables.variables, data: data, sampler: sampler)
      )
    }
  }

  /// The request.
  public var request: TrainingRequest { specification.request }
  /// The steps taken so far, including those of earlier processes.
  public var stepsTaken: Int { loop.step }
  /// The total number of steps; nil if there is no end.
  public var end: Int? { request.end }
  /// Whether all steps are taken.
  public var isFinished: Bool { end.map { stepsTaken >= $0 } ?? false }
  /// The training data.
  public var data: ImageDataset { loop.data }
  /// The number of trained parameters.
  public var parameterCount: Int { loop.variables.reduce(0) { $0 + $1.value.count } }

  /// Takes a step, then writes what is due: a row of the log, a checkpoint (also after the last step), a sample sheet.
  ///
  /// - Parameter isWanted: asked repeatedly while a sheet is sampled, which takes as long as many steps; false cancels
  ///   the sheet.
  /// - Returns: the examples and losses of the step.
  /// - Throws: `TrainingError.data` if an image cannot be read and `.diverged`, with the state unchanged; `.file`,
  ///   `.log`.
  @discardableResult
  public mutating func step(drawingWhile isWanted: () -> Bool = { true }) throws(TrainingError) -> TrainLoop.Report {
    let report = try loop.runStep()
    note(report)
    let step = stepsTaken
    if step % request.logInterval == 0 || step == end {
      try inTrainingTerms { try log.log(step: step, values: averages.values) }
      averages.removeAll()
    }
    if step % request.saveInterval == 0 || step == end { try save() }
    if let interval = request.sampleInterval, step % interval == 0,
      let sheet = try SampleSheet.draw(loop, specification, while: isWanted)
    {
      try inTrainingTerms {
        try makeFolder("\(folder)/samples")
        try writeAtomically(sheet.png(), to: "\(folder)/samples/\(RunFolder.digits(ofStep: step)).png")
      }
    }
    return report
  }

  /// Writes a checkpoint of the state, unless it already has one.
  ///
  /// - Throws: `TrainingError.file`; existing files stay.
  public mutating func save() throws(TrainingError) {
    guard savedStep != stepsTaken else { return }
    try TrainingCheckpoint.write(loop, to: folder, description: specification.description)
    savedStep = stepsTaken
  }

  /// Adds a step to the averages for the log.
  private mutating func note(_ report: TrainLoop.Report) {
    let count = specification.process.steps
    func weighted(_ losses: [Float]) -> [Float] { zip(losses, report.weights).map { $0 * $1 } }
    averages.set("samples", Double(stepsTaken * request.batchSize))
    averages.add("loss", losses: weighted(report.loss), timesteps: report.steps, of: count)
    for term in report.terms {
      averages.add(term.name, losses: weighted(term.values), timesteps: report.steps, of: count)
    }
    averages.add("grad_norm", report.gradientNorm)
    averages.set("lr", report.learningRate)
  }
}
