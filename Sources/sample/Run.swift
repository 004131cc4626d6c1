import DiffusionBytes
import DiffusionCommandLine
import DiffusionFiles
import DiffusionOutput
import DiffusionPlatform
import DiffusionTerminal
import Sampling

/// Draws requests, one line of JSON each (`DrawingJob`), and answers each with a line of JSON on standard
/// output. The model stays loaded, so a script or another program can drive it through pipes. An error in a
/// line does not end the run.
///
/// - Parameters:
///   - options: the default model.
///   - path: a file, or `-` for standard input.
/// - Throws: `FileError` if requests cannot be read or answers not be written; `Interrupted`.
func run(_ options: Options, requests path: String) throws {
  Interruption.watch()
  let lines = try LineReader(path: path)
  var models = LoadedModels(options)
  // Those that this run has begun, which later lines append to.
  var logs: Set<FileIdentity> = []
  var number = 0
  while let line = try lines.next(onSignal: { try Interruption.check() }) {
    number += 1
    if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }) { continue }
    let start = ContinuousClock.now
    var answer = Answer(line: number)
    do {
      try draw(line, requests: path, &models, &logs, &answer)
      answer.seconds = (ContinuousClock.now - start).seconds
    } catch let interrupted as Interrupted {
      throw interrupted
    } catch {
      answer.error = inJSONWords("\(error)")
    }
    try printText(try encodeJSON(answer) + "\n")
  }
}

/// Draws one line's request.
private func draw(
  _ line: [UInt8], requests: String, _ models: inout LoadedModels, _ logs: inout Set<FileIdentity>,
  _ answer: inout Answer
) throws {
  var job = try DrawingJob(line: line)
  if let found = try job.output.recordedSeed(of: job.request, outputProgram) { job.request.seed = found.seed }
  if let log = job.output.log, logs.contains(FileIdentity(log)) {
    job.output.appendsLog = true
  }
  let model = try models.model(for: job.request)
  let plan = try model.plan(for: job.request)
  var run = try DrawingRun(plan, job.output, outputProgram, reading: [("the requests", requests)])
  // Also if it fails after some images: the log is begun.
  defer { if let log = job.output.log { logs.insert(FileIdentity(log)) } }
  try run.run(onStep: { _, _ in try Interruption.check() })
  answer.seed = plan.request.source == .noise ? plan.seed : nil
  answer.images = run.drawn + run.kept
  answer.files = run.files
  answer.warning = run.warning.map(inJSONWords)
}

/// Keeps the last model loaded.
private struct LoadedModels {
  private let options: Options
  /// Successive requests mostly name the same model.
  private var latest: (path: String?, settings: StatedSettings, model: DiffusionModel)?

  init(_ options: Options) { self.options = options }

  /// The request's model, or else the command line's; it stays loaded until a request names another.
  mutating func model(for request: SamplingRequest) throws -> DiffusionModel {
    var options = options
    options.request.model = request.model ?? options.request.model
    options.request.settings = request.settings
    let (path, settings) = (options.request.model, options.request.settings)
    if let latest, latest.path == path, latest.settings == settings { return latest.model }
    let model = try openModel(options)
    latest = (path, settings, model)
    return model
  }
}

/// The answer to a request.
private struct Answer: Encodable {
  /// The line number, from 1.
  let line: Int
  /// The files written: one per image, or a single one.
  var files: [String]?
  /// The number of images.
  var images: Int?
  /// The seed, also if it was random.
  var seed: UInt64?
  /// The time it took, including loading the model.
  var seconds: Double?
  /// What is wrong with the images.
  var warning: String?
  /// Why not everything was drawn.
  var error: String?

  init(line: Int) { self.line = line }
}
