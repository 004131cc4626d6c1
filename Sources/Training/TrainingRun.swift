import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import TensorCore

/// A run of training, step by step, and its folder: checkpoints, `progress.csv` and `.jsonl`, `run.json`, sheets of samples.
///
///     var run = try TrainingRun(TrainingRequest(data: "pictures", steps: 10_000), folder: "run")
///     while !run.isFinished {
///       let report = try run.step()
///       print(run.stepsTaken, report.meanLoss)
///     }
///
/// To stop before the end, leave the loop and call `save()`; `TrainingRun(resuming: "run")` goes on from there, to the bytes that a run comes
/// to which was never stopped. That holds for a process that was killed too, from its last checkpoint.
///
/// One process at a time can be at work in a folder. Nothing is printed; steps are computed by the threads of `ThreadPool.shared`.
public struct TrainingRun: ~Copyable {
  /// Where the files go.
  public let folder: String
  /// What is trained, and on what.
  public let specification: TrainingSpecification
  /// Whether this goes on with a run that was begun before.
  public let isResumed: Bool
  /// The step of the last checkpoint, of this process or the one before; nil if there is none yet.
  public private(set) var savedStep: Int?
  /// The state: weights, their moving averages, the optimizer's.
  public private(set) var loop: TrainLoop
  private var averages = MetricAverages()
  private let log: TrainingLog
  /// Held for as long as the run is there.
  private let lock: RunLock

  /// Begins a run. The folder is made if it is not there; nothing is written before data and model are known to be sound.
  ///
  /// - Throws: `TrainingError`: what is wrong with the request, the data or the model; `.runExists`, `.inUse`, `.file`.
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

  /// Goes on with a run from its last checkpoint, or from its beginning if it ended before there was one.
  ///
  /// - Parameters:
  ///   - folder: the run's folder.
  ///   - request: what is asked for from now on, in place of what the run was begun with (`RunRecord`): more steps, say. The network's
  ///     shape cannot change.
  /// - Throws: `TrainingError`: as `init(_:folder:)`, and `.notARun`, `.unknownRequest`, `.earlierVersion`, `.nothingToResume`, `.checkpoint`,
  ///   `.state`, `.log`.
  public init(resuming folder: String, as request: TrainingRequest? = nil) throws(TrainingError) {
    let record = try RunRecord.read(from: folder)
    let lock = try RunLock(folder)
    let known: TrainingRequest
    switch (request, record.beginning) {
    case (let request?, _), (nil, .request(let request)): known = request
    case (nil, .arguments): throw .earlierVersion(path: "\(folder)/\(RunRecord.file)")
    }
    let hasBegun = try inTrainingTerms { try RunFolder.hasBegun(in: folder) }
    // What a run began with is in its checkpoints.
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

  /// Data and model, before the first step.
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
      let weights = try checkpoint.map { Weights(try StateDict.read(path: $0)) } ?? Weights(randomSeed: request.seed)
      let variables = weights.asVariables()
      let loss = try specification.loss(variables)
      let sampler = request.scheduleSampler.make(seed: request.seed, steps: specification.process.steps)
      let settings = TrainingSettings(request, nullClass: specification.description.nullClass)
      return (
        specification, TrainLoop(settings, loss: loss, variables: variables.variables, data: data, sampler: sampler)
      )
    }
  }

  /// What is asked for.
  public var request: TrainingRequest { specification.request }
  /// The steps taken so far, those of processes before this one among them.
  public var stepsTaken: Int { loop.step }
  /// The steps to take in all; nil if there is no end.
  public var end: Int? { request.end }
  /// Whether they are taken.
  public var isFinished: Bool { end.map { stepsTaken >= $0 } ?? false }
  /// What it learns from.
  public var data: ImageDataset { loop.data }
  /// How many numbers are learnt.
  public var parameterCount: Int { loop.variables.reduce(0) { $0 + $1.value.count } }

  /// Takes a step, and writes what is due behind it: a row of the log, a checkpoint, which also the last step leaves, a sheet of samples.
  ///
  /// - Parameter isWanted: asked again and again while a sheet is drawn, which takes as long as many steps; where it says no, the sheet is
  ///   left out.
  /// - Returns: what the step has seen.
  /// - Throws: `TrainingError`: `.data` for a picture that cannot be read and `.diverged`, and the state is as before; `.file`, `.log`.
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

  /// Writes a checkpoint of the state, unless there is one.
  ///
  /// - Throws: `TrainingError.file`; what was there stays.
  public mutating func save() throws(TrainingError) {
    guard savedStep != stepsTaken else { return }
    try TrainingCheckpoint.write(loop, to: folder, description: specification.description)
    savedStep = stepsTaken
  }

  /// Adds a step to the means of the log.
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
