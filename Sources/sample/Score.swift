import DiffusionCommandLine
import DiffusionFiles
import DiffusionImages
import DiffusionOutput
import DiffusionScoring
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import Sampling
import TensorCore

/// Prints how good pictures are, compared with others.
///
/// - Throws: any error in the pictures, the network or options; `FileError`, `Interrupted`.
func score(_ options: Options) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let asked = options.score
  var progress = StageProgress(style: progressStyle(options))
  defer { progress.finish() }
  func advance(_ stage: String, _ done: Int, _ count: Int) {
    progress.advance(stage, to: done, of: count)
    if Interruption.hasCome { progress.finish() }
  }
  /// Whether the features that are being computed are kept in a file.
  var areKept = false
  func sayInterrupted() {
    writeError("interrupted; \(areKept ? "type the same again to go on" : "the same line begins anew")\n")
  }
  /// Ends the program if a signal has come.
  func advanceOrExit(_ stage: String, _ done: Int, _ count: Int) {
    advance(stage, done, count)
    if Interruption.hasCome { sayInterrupted() }
    Interruption.exitIfCome()
  }
  // What is wrong with any of them is said before the network is run.
  let saved = try ReferenceMoments(path: asked.reference)
  let known = saved?.hasPictures ?? true ? try opened(asked.reference, options) : nil
  let heldOut = try asked.heldOut.map { try opened($0, options) }
  if known == nil, asked.nearest != nil {
    throw UsageError("--nearest looks for pictures, and \(asked.reference) holds moments; give the pictures themselves")
  }
  let sets = asked.pictures + [asked.reference] + (asked.heldOut.map { [$0] } ?? [])
  var files = CommandFiles()
  for path in sets { files.read("what is compared", path) }
  files.write("--out", asked.out, ifThere: .replace)
  try files.check()
  if let out = asked.out, let folder = sets.first(where: { isFile(out, inside: $0) }) {
    throw UsageError("--out: \(out) lies in \(folder), and would be one of its pictures; name another folder")
  }
  var sources = try asked.pictures.map { try opened($0, options) }
  if asked.pictures.isEmpty {
    let model = try openModel(options)
    let plan = try SamplingPlan(options.request, model)
    introduce(model, options)
    if plan.indices.count == 1 { throw UsageError("one picture has no score; type for instance --count 10000") }
    writeNotes(plan.remarks, unless: options.quiet)
    sources.append(DrawnPictures(plan) { try Interruption.check() })
  }
  try requireEnough(sources + (known.map { [$0] } ?? []), hasReference: known != nil)
  if let heldOut, let known { try requireOthers(heldOut, than: known, looking: advance) }
  let extractor = try featureExtractor(
    classifier: asked.classifier, inception: asked.inception, resizing: asked.resizing ?? .tensorFlow)
  writeNotes(sources.compactMap { $0.labelsRemark(for: extractor) }, unless: options.quiet)

  Interruption.watch(saying: options.quiet ? nil : "ending with this batch; Ctrl-C again stops at once\n")
  func features(of source: any PictureSource) throws -> PictureFeatures {
    let path = asked.keeps ? source.featuresPath(extractor) : nil
    areKept = path != nil
    let name = "features of \(sanitized(source.path))"
    let batch = options.request.batch ?? FeatureComputation.usualBatch
    let computation = FeatureComputation(extractor, batch: batch, looking: advanceOrExit) {
      advance(name, $0, $1)
      try Interruption.check()
    }
    let found = try computation.features(of: source, keptIn: path)
    if let path { writeNotes(["\(name) are in \(sanitized(path))"], unless: options.quiet) }
    return found
  }
  do {
    let reference = try ScoreReference(
      saved, pictures: try known.map(features), path: asked.reference, extractor, progress: advanceOrExit)
    // For the nearest pictures, of which there is one set.
    var pool: Features?
    let scores = try sources.map { source in
      let found = try features(of: source)
      if asked.nearest != nil { pool = try Features(found.pool, of: source.path) }
      let labels = source.labels(for: extractor)
      return try Score(found, labels: labels, path: source.path, against: reference, progress: advanceOrExit)
    }
    var nearest: ScoreReport.Nearest?
    if let count = asked.nearest, let known, let pictures = sources.first, let pool, let others = reference.features {
      let held = try heldOut.map { try Features(try features(of: $0).pool, of: $0.path) }
      let found = try NearestReferences(count, of: (pictures, pool), in: (known, others), heldOut: held) {
        advanceOrExit("nearest pictures", $0, $1)
      }
      nearest = (found, pictures, known)
    }
    let report = ScoreReport(scores, reference, extractor, nearest: nearest)
    writeNotes(report.remarks, unless: options.quiet)
    // Before the sheet, which there may be no room for.
    try printText(options.json ? try report.json() : report.text)
    if let path = asked.out, let nearest {
      try writeAtomically(try nearest.found.sheet(nearest.pictures, nearest.reference).png(), to: path)
      if !options.quiet { writeError("\(sanitized(path)): \(counted(nearest.found.pairs.count, "pair"))\n") }
    }
  } catch let interrupted as Interrupted {
    sayInterrupted()
    throw interrupted
  }
}

/// Opens pictures, with `--skip-bad` without those that cannot be read, which are listed.
private func opened(_ path: String, _ options: Options) throws -> any PictureSource {
  let source = try openPictures(path)
  guard options.score.skipsBad else { return source }
  let name = "looking at \(sanitized(path))"
  let (rest, bad) = try CountProgress.shown(name, style: progressStyle(options)) { try source.withoutBad(progress: $0) }
  if !bad.isEmpty && !options.quiet {
    writeError(ImageDataset.leftOut(bad).map { $0 + "\n" }.joined())
  }
  return rest
}
