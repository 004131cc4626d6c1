import DiffusionCommandLine
import DiffusionFiles
import DiffusionImages
import DiffusionOutput
import DiffusionScoring
import DiffusionTerminal
import DiffusionText
import Sampling
import TensorCore

/// Prints how good pictures are, compared with others.
///
/// - Throws: any error in the pictures, the network or options; `FileError`, `Interrupted`.
func score(_ options: Options) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let asked = options.score
  // What is wrong with any of them is said before the network is run.
  let saved = try ReferenceMoments(path: asked.reference)
  let known = saved?.hasPictures ?? true ? try openPictures(asked.reference) : nil
  let heldOut = try asked.heldOut.map { path throws(ScoringError) in try openPictures(path) }
  if known == nil, asked.nearest != nil {
    throw UsageError("--nearest looks for pictures, and \(asked.reference) holds moments; give the pictures themselves")
  }
  if let heldOut, let known, try heldOut.fingerprint() == known.fingerprint() {
    throw UsageError("--held-out holds the reference's own pictures; give others like them")
  }
  var files = CommandFiles()
  for path in asked.pictures { files.read("the pictures", path) }
  files.read("--reference", asked.reference)
  files.read("--held-out", asked.heldOut)
  files.write("--out", asked.out, ifThere: .replace)
  try files.check()
  var sources = try asked.pictures.map { path throws(ScoringError) in try openPictures(path) }
  if options.request.model != nil {
    let model = try openModel(options)
    let plan = try SamplingPlan(options.request, model)
    introduce(model, options)
    if !options.quiet { for remark in plan.remarks { writeError("note: \(remark)\n") } }
    sources.append(DrawnPictures(plan) { try Interruption.check() })
  }
  try requireEnough(sources + (known.map { [$0] } ?? []), hasReference: known != nil)
  let extractor = try featureExtractor(
    classifier: asked.classifier, inception: asked.inception, resizing: asked.resizing ?? .tensorFlow)

  Interruption.watch(saying: options.quiet ? nil : "ending with this batch; Ctrl-C again stops at once\n")
  func features(of source: any PictureSource) throws -> PictureFeatures {
    let path = asked.keeps ? source.featuresPath(extractor) : nil
    let name = "features of \(sanitized(source.path))"
    let found = try CountProgress.shown(name, style: progressStyle(options)) { advance in
      try FeatureComputation(extractor, batch: options.request.batch ?? FeatureComputation.usualBatch) {
        advance($0, $1)
        try Interruption.check()
      }
      .features(of: source, keptIn: path)
    }
    if let path, !options.quiet {
      writeError("note: features of \(sanitized(source.path)) are in \(sanitized(path))\n")
    }
    return found
  }
  do {
    let reference = try ScoreReference(
      saved, pictures: try known.map(features), path: asked.reference, extractor)
    // For the nearest pictures, of which there is one set.
    var pool: Features?
    let scores = try sources.map { source in
      let found = try features(of: source)
      if asked.nearest != nil { pool = try Features(found.pool, of: source.path) }
      var progress: [String: CountProgress] = [:]
      let labels = extractor.tellsClasses ? source.labels : nil
      return try Score(found, labels: labels, path: source.path, against: reference) { measure, done, count in
        progress[measure, default: CountProgress(measure, style: progressStyle(options))].advance(to: done, of: count)
        if done == count || Interruption.hasCome { progress[measure]?.finish() }
        Interruption.exitIfCome()
      }
    }
    if !options.quiet {
      var remarks: [String] = []
      for remark in scores.flatMap(\.remarks) where !remarks.contains(remark) {
        remarks.append(remark)
        writeError("note: \(remark)\n")
      }
    }
    var report = ScoreReport(scores, reference, extractor)
    if let count = asked.nearest, let known, let pictures = sources.first, let pool, let others = reference.features {
      let held = try heldOut.map { try Features(try features(of: $0).pool, of: $0.path) }
      let found = try CountProgress.shown("nearest pictures", style: progressStyle(options)) { advance in
        try NearestReferences(count, of: (pictures, pool), in: (known, others), heldOut: held) {
          advance($0, $1)
          Interruption.exitIfCome()
        }
      }
      report = ScoreReport(scores, reference, extractor, nearest: (found, pictures, known))
      if let path = asked.out { try writeAtomically(try found.sheet(pictures, known).png(), to: path) }
      if let path = asked.out, !options.quiet {
        writeError("\(sanitized(path)): \(counted(found.pairs.count, "pair"))\n")
      }
    }
    try printText(options.json ? try report.json() : report.text)
  } catch let interrupted as Interrupted {
    writeError("interrupted; \(asked.keeps ? "type the same again to go on" : "without --no-keep it could go on")\n")
    throw interrupted
  }
}
