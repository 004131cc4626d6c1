import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import DiffusionText
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
/// checkpoint. (A row of the log is the mean of the steps since the previous row, or since the run was resumed. A sheet
/// or a score that was interrupted is left out.)
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
  /// What should be said before the first step, a line each: what it begins with, and files that are missing.
  public let remarks: [String]
  /// The step of this process's first, counted from 0.
  private let firstStep: Int
  private var averages = MetricAverages()
  private var log: TrainingLog
  /// What is to be written for the last step.
  private var due = Due()
  /// The record to write once a step has been taken; nil if the folder has it.
  private var newRecord: RunRecord?
  /// Held for the lifetime of the run.
  private let lock: RunLock

  /// Starts a run. Creates the folder, and those above it, if they do not exist. Writes nothing before data and model
  /// are checked.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - folder: the new folder.
  ///   - looking: called now and then while the data's files are looked at, with the number done and that of all.
  /// - Throws: `TrainingError` for a faulty request, data or model; `.runExists`, `.wouldReplace`, `.inUse`,
  ///   `.file`.
  public init(
    _ request: TrainingRequest, folder: String, looking: (_ done: Int, _ count: Int) -> Void = { _, _ in }
  ) throws(TrainingError) {
    // Before the data is looked at, which takes a while.
    try Self.checkIsNew(folder, isThere: try inTrainingTerms { try kind(ofPath: folder) } == .folder)
    let beginning = try RunBeginning(request, looking: looking)
    let step = beginning.loop.step
    if let end = request.end, step >= end {
      throw .request(
        "--steps \(end): \(sanitized(request.resumeCheckpoint ?? "")) has taken \(step) already; "
          + "type for instance --steps \(step + end)")
    }
    try inTrainingTerms { try makeFolders(folder) }
    let lock = try RunLock(folder)
    try Self.checkIsNew(folder)
    let data = beginning.loop.data
    try RunRecord(request.settled(by: data).withAbsolutePaths, beginning.loop.settings, DataRecord(data))
      .write(to: folder)
    let log = try inTrainingTerms { try TrainingLog(folder: folder) }
    self.init(beginning, folder: folder, isResumed: false, savedStep: nil, log, lock)
  }

  /// Resumes a run from its last checkpoint, or from its start if it ended before there was one.
  ///
  /// - Parameters:
  ///   - folder: the run's folder.
  ///   - request: replaces the request that the run was started with (`RunRecord`), to take more steps, for instance,
  ///     also in the record. Neither the model nor its averages can change.
  ///   - looking: as in `init(_:folder:looking:)`.
  /// - Throws: `TrainingError`: as `init(_:folder:)`, and `.notARun`, `.unknownRequest`, `.earlierVersion`,
  ///   `.nothingToResume`, `.checkpointsAreGone`, `.damaged`, `.otherClasses`, `.dataMoved`, `.checkpoint`, `.state`,
  ///   `.log`.
  public init(
    resuming folder: String, as request: TrainingRequest? = nil,
    looking: (_ done: Int, _ count: Int) -> Void = { _, _ in }
  ) throws(TrainingError) {
    let record = try RunRecord.read(from: folder)
    var known: TrainingRequest
    switch (request, record.beginning) {
    case (let request?, _), (nil, .request(let request)): known = request
    case (nil, .arguments): throw .earlierVersion(path: "\(folder)/\(RunRecord.file)")
    }
    try record.checkAverages(known, folder: folder)
    if case .request(let first) = record.beginning {
      guard (first.distilled == nil) == (known.distilled == nil) else {
        let word = first.distilled == nil ? "without" : "with"
        throw .request("--distill: \(sanitized(folder)) was begun \(word) it, and cannot change that; leave it out")
      }
      known.distillationStage = known.distillationStage ?? first.distillationStage
    }
    if record.data == nil && known.classSource != nil {
      throw .request(
        "--classes-from: \(sanitized(folder)) was begun by an earlier version, whose classes it keeps; leave it out")
    }
    let lock = try RunLock(folder)
    let averages = TrainingSettings(known, nullClass: nil).emaRates
    let continuation = try Continuation(of: folder, rates: averages)
    // A run that begins at the step of another's checkpoint has its first one later.
    if continuation.step == nil, continuation.remark == nil, known.resumeCheckpoint == nil,
      let row = try inTrainingTerms({ try TrainingLog.lastStep(in: folder) }), row > known.saveInterval
    {
      throw .checkpointsAreGone(folder: folder, row: row)
    }
    AtomicFile.removeStaleTemporaries(besides: "\(folder)/\(RunRecord.file)")
    var beginning: RunBeginning
    do throws(TrainingError) {
      if let step = continuation.step {
        do throws(TrainingError) {
          beginning = try RunBeginning(known, after: step, in: folder, goingOnWith: record, looking: looking)
        } catch { throw error.inState(after: step, of: folder, rates: averages) }
      } else {
        beginning = try RunBeginning(known, goingOnWith: record, looking: looking)
      }
    } catch .data(.data(let path, .nothing)) { throw .dataMoved(path: path, folder: folder) }
    beginning.remarks = (continuation.remark.map { [$0] } ?? []) + beginning.remarks
    if let line = record.data?.difference(from: beginning.loop.data) { beginning.remarks.append(line) }
    let step = beginning.loop.step
    let log = try inTrainingTerms { try TrainingLog(folder: folder, resumingFrom: step) }
    let settings = beginning.loop.settings
    self.init(beginning, folder: folder, isResumed: true, savedStep: continuation.step, log, lock)
    if case .request(let first) = record.beginning, first != known {
      newRecord = RunRecord(known.withAbsolutePaths, settings, record.data)
    }
  }

  private init(
    _ beginning: RunBeginning, folder: String, isResumed: Bool, savedStep: Int?, _ log: TrainingLog, _ lock: RunLock
  ) {
    (specification, loop, remarks) = (beginning.specification, beginning.loop, beginning.remarks)
    (self.log, self.lock) = (log, lock)
    (self.folder, self.isResumed, self.savedStep) = (folder, isResumed, savedStep)
    firstStep = beginning.loop.step
  }

  private static func checkIsNew(_ folder: String) throws(TrainingError) {
    guard try inTrainingTerms({ try kind(ofPath: "\(folder)/\(RunRecord.file)") }) == .nothing else {
      throw .runExists(folder: folder)
    }
    guard try inTrainingTerms({ try kind(ofPath: folder) }) == .folder else { return }
    let files = try inTrainingTerms { try namesInFolder(folder) }.sorted()
    if let file = files.first(where: { RunFolder.parts(ofFile: $0) != nil || TrainingLog.files.contains($0) }) {
      throw .wouldReplace(folder: folder, file: file)
    }
  }

  /// Does the same, with the folder locked for as long, if it is there.
  private static func checkIsNew(_ folder: String, isThere: Bool) throws(TrainingError) {
    let lock = isThere ? try RunLock(folder) : nil
    try withExtendedLifetime(lock) { () throws(TrainingError) in try checkIsNew(folder) }
  }

  /// The request.
  public var request: TrainingRequest { specification.request }
  /// The steps taken so far, including those of earlier processes.
  public var stepsTaken: Int { loop.step }
  /// Whether this process has taken a step.
  public var hasTakenSteps: Bool { stepsTaken > firstStep }
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
  /// - Parameters:
  ///   - isWanted: asked repeatedly while a sheet is sampled, which takes as long as many steps; false cancels the
  ///     sheet.
  ///   - measure: called every `TrainingRequest.scoreInterval` steps with the model as it would be drawn with now; the
  ///     names and numbers that it returns go into the log. It may take longer still.
  /// - Returns: the examples and losses of the step.
  /// - Throws: `TrainingError.data` if an image cannot be read and `.diverged`, with the state unchanged; `.file`,
  ///   `.log`. `saveAfterFailure` saves what there is.
  @discardableResult
  public mutating func step(
    drawingWhile isWanted: () -> Bool = { true },
    measuring measure: (ModelSource) -> [(key: String, value: Double)] = { _ in [] }
  ) throws(TrainingError) -> TrainLoop.Report {
    let report = try loop.runStep()
    note(report)
    let step = stepsTaken
    let isScored = request.scoreInterval.map { step % $0 == 0 } ?? false
    due = Due(
      row: step % request.logInterval == 0 || step == end || isScored,
      sheet: request.sampleInterval.map { step % $0 == 0 } ?? false,
      checkpoint: step % request.saveInterval == 0 || step == end)
    if let newRecord { try newRecord.write(to: folder) }
    newRecord = nil
    if isScored {
      for (key, value) in measure(try drawnModel()) { averages.set(key, value) }
    }
    try writeRow()
    if due.sheet && due.sheetBytes == nil {
      let sheet = try SampleSheet.draw(loop, specification, while: isWanted)
      due.sheetBytes = try inTrainingTerms { try sheet?.png() }
      due.sheet = sheet != nil
    }
    try writeSheet()
    // Last, so that a run that is killed meanwhile writes the others again.
    if due.checkpoint { try save() }
    return report
  }

  /// The model as `sample` would draw with it now: with the slowest average that is founded, or with the weights
  /// themselves. It is a copy, which further steps do not change.
  ///
  /// - Throws: `TrainingError.model` if it is one that cannot be opened.
  public func drawnModel() throws(TrainingError) -> ModelSource {
    let (name, values) = ("\(folder), step \(stepsTaken)", loop.drawnTensors)
    return try inTrainingTerms {
      let tensors = loop.variables.map { ($0.name, values[$0.name] ?? $0.value) }
      let state = try StateDict(tensors, metadata: ["config": try specification.description.json()], name: name)
      return try ModelSource(try CheckpointContents(state, path: nil))
    }
  }

  /// Writes a checkpoint of the state, unless it already has one.
  ///
  /// - Throws: `TrainingError.file`; existing files stay.
  public mutating func save() throws(TrainingError) {
    guard savedStep != stepsTaken else { return }
    try TrainingCheckpoint.write(loop, to: folder, description: specification.description)
    savedStep = stepsTaken
    if let count = request.keep {
      try TrainingCheckpoint.keepNewest(count, in: folder, rates: loop.settings.emaRates)
    }
  }

  /// Saves what a run has after `step` has failed: first what was due for its last step, so that going on loses nothing
  /// of it.
  ///
  /// - Returns: the step of the last checkpoint; nil if there is none, because no step was taken.
  /// - Throws: `TrainingError` if it cannot be saved; `savedStep` tells what there is.
  public mutating func saveAfterFailure() throws(TrainingError) -> Int? {
    guard hasTakenSteps else { return savedStep }
    if due.row {
      // A line may be half-written.
      let (folder, before) = (folder, stepsTaken - 1)
      log = try inTrainingTerms { try TrainingLog(folder: folder, resumingFrom: before) }
    }
    try writeRow()
    try writeSheet()
    try save()
    return savedStep
  }

  /// Files that have yet to be written for the last step.
  private struct Due {
    var row = false
    var sheet = false
    var checkpoint = false
    /// The sheet, once it is drawn.
    var sheetBytes: [UInt8]?
  }

  private mutating func writeRow() throws(TrainingError) {
    guard due.row else { return }
    let (step, values) = (stepsTaken, averages.values)
    try inTrainingTerms { try log.log(step: step, values: values) }
    averages.removeAll()
    due.row = false
  }

  private mutating func writeSheet() throws(TrainingError) {
    guard due.sheet, let bytes = due.sheetBytes else { return }
    let path = "\(folder)/samples"
    let file = "\(path)/\(RunFolder.digits(ofStep: stepsTaken)).png"
    try inTrainingTerms {
      try makeFolder(path)
      try writeAtomically(bytes, to: file)
    }
    due.sheet = false
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
