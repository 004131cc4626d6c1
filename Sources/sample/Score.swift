import DiffusionCommandLine
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
  let known = saved == nil ? try openPictures(asked.reference) : nil
  var sources = try asked.pictures.map { path throws(ScoringError) in try openPictures(path) }
  if options.request.model != nil {
    let model = try openModel(options)
    let plan = try SamplingPlan(options.request, model)
    introduce(model, options)
    if !options.quiet { for remark in plan.remarks { writeError("note: \(remark)\n") } }
    sources.append(DrawnPictures(plan) { try Interruption.check() })
  }
  let extractor: any FeatureExtractor
  if let path = asked.classifier {
    extractor = try ClassifierFeatures(path: path)
  } else {
    extractor = try InceptionFeatures(path: asked.inception ?? "", resizing: asked.resizing ?? .tensorFlow)
  }

  Interruption.watch(saying: options.quiet ? nil : "ending with this batch; Ctrl-C again stops at once\n")
  func features(of source: any PictureSource) throws -> PictureFeatures {
    var progress = CountProgress("features of \(sanitized(source.path))", style: progressStyle(options))
    defer { progress.finish() }
    let computation = FeatureComputation(extractor, batch: options.request.batch ?? 16) { done, count in
      progress.advance(to: done, of: count)
      try Interruption.check()
    }
    let path = asked.keeps ? source.featuresPath(extractor) : nil
    let found = try computation.features(of: source, keptIn: path)
    if let path, !options.quiet {
      writeError("note: features of \(sanitized(source.path)) are in \(sanitized(path))\n")
    }
    return found
  }
  do {
    let reference =
      if let saved {
        try ScoreReference(saved, path: asked.reference, extractor)
      } else {
        try known.map { try ScoreReference(try features(of: $0), path: $0.path) }
      }
    guard let reference else { preconditionFailure("a reference is moments or pictures") }
    let scores = try sources.map { source in
      let found = try features(of: source)
      var progress: [String: CountProgress] = [:]
      return try Score(found, path: source.path, against: reference) { measure, done, count in
        progress[measure, default: CountProgress(measure, style: progressStyle(options))].advance(to: done, of: count)
        if done == count { progress[measure]?.finish() }
      }
    }
    if !options.quiet {
      var remarks: [String] = []
      for remark in scores.flatMap(\.remarks) + notMeasured(saved, extractor) where !remarks.contains(remark) {
        remarks.append(remark)
        writeError("note: \(remark)\n")
      }
    }
    let report = ScoreReport(scores, reference, extractor)
    try printText(options.json ? try report.json() : report.text)
  } catch let interrupted as Interrupted {
    let isKept = asked.keeps
    writeError("interrupted; \(isKept ? "type the same again to go on" : "without --no-keep it could go on")\n")
    throw interrupted
  }
}

/// Which measures are missing from the table, and why.
private func notMeasured(_ saved: ReferenceMoments?, _ extractor: any FeatureExtractor) -> [String] {
  var remarks: [String] = []
  if extractor.widths.logits == 0 {
    remarks.append("these weights have no last layer, without which there is no Inception Score")
  }
  if let saved {
    remarks.append("the reference has moments only: kernel distance, precision and recall need its pictures")
    if saved.spatial == nil, extractor.widths.spatial > 0 {
      remarks.append("the reference has no spatial moments (mu_s and sigma_s), without which there is no sFID")
    }
  }
  return remarks
}
