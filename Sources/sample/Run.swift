import DiffusionBytes
import DiffusionCommandLine
import DiffusionFiles
import DiffusionOutput
import DiffusionPlatform
import DiffusionTerminal
import Sampling

/// Draws requests, a line of JSON each (`DrawingJob`), one after another, and answers each with a line of JSON on standard output. Models stay
/// loaded, so that a script or another program can drive it through pipes. A line that cannot be drawn is an error for that line only.
///
/// - Parameter requests: a file, or `-` for standard input.
/// - Throws: `FileError` where requests cannot be read or answers not be written; `Interrupted`.
func run(_ options: Options, requests path: String) throws {
  Interruption.watch()
  let lines = try LineReader(path: path)
  var models = LoadedModels(options)
  var number = 0
  while let line = try lines.next(onSignal: { try Interruption.check() }) {
    number += 1
    if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }) { continue }
    let start = ContinuousClock.now
    var answer = Answer(line: number)
    do {
      try draw(line, &models, &answer)
      answer.seconds = (ContinuousClock.now - start).seconds
    } catch let interrupted as Interrupted {
      throw interrupted
    } catch {
      answer.error = "\(error)"
    }
    try printText(try encodeJSON(answer) + "\n")
  }
}

/// Draws what a line asks for.
private func draw(_ line: [UInt8], _ models: inout LoadedModels, _ answer: inout Answer) throws {
  let job = try DrawingJob(line: line)
  let model = try models.model(for: job.request)
  let plan = try model.plan(for: job.request)
  var run = try DrawingRun(plan, job.output, outputProgram)
  try run.run(onStep: { _, _ in try Interruption.check() })
  answer.seed = plan.request.source == .noise ? plan.seed : nil
  answer.images = run.drawn + run.kept
  answer.files = run.files
}

/// The models that requests have named so far.
private struct LoadedModels {
  private let options: Options
  /// The latest; requests that follow one another mostly name the same.
  private var latest: (key: DrawingJobModel, model: DiffusionModel)?

  private struct DrawingJobModel: Equatable {
    let path: String?
    let request: SamplingRequest
  }

  init(_ options: Options) { self.options = options }

  /// The model that a request names, or else the command line; it stays loaded until another is named.
  mutating func model(for request: SamplingRequest) throws -> DiffusionModel {
    var options = options
    options.request.model = request.model ?? options.request.model
    options.request.settings = request.settings
    var named = SamplingRequest()
    named.settings = request.settings
    let key = DrawingJobModel(path: options.request.model, request: named)
    if let latest, latest.key == key { return latest.model }
    let model = try openModel(options)
    latest = (key, model)
    return model
  }
}

/// What a request has come to.
private struct Answer: Encodable {
  /// The number of its line, from 1.
  let line: Int
  /// What was written: each file, or the archive.
  var files: [String]?
  /// How many images there are.
  var images: Int?
  /// What they were drawn from, also where it was not asked for.
  var seed: UInt64?
  /// How long that took, the loading of a model included.
  var seconds: Double?
  /// Why nothing, or not all, was drawn.
  var error: String?

  init(line: Int) { self.line = line }
}
