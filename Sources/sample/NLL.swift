import DiffusionCommandLine
import DiffusionFiles
import DiffusionOutput
import DiffusionTerminal
import Sampling

/// Prints the variational bound on the negative log-likelihood of images.
///
/// - Throws: any error in the model, images or options, before anything is measured; `FileError`, `Interrupted`.
func nll(_ options: Options, images: [String]) throws {
  let model = try openModel(options)
  let given = try InputImages(images, for: model)
  var likelihood = try Likelihood(options.request, model, of: given)
  let plan = likelihood.plan
  var files = CommandFiles()
  for (option, path) in plan.inputFiles + images.map({ (option: "an image", path: $0) }) { files.read(option, path) }
  files.write("--out", options.inversion.report?.path, ifThere: options.output.overwrite ? .replace : .keep())
  try files.check()
  introduce(model, options)

  let bounds = try withProgress(progressStyle(options), images: given.count, steps: plan.process.count) { advance in
    try likelihood.measure(onStep: advance)
  }
  let report = LikelihoodReport(plan, given, bounds)
  try printText(options.json ? try report.json() : report.text)
  switch options.inversion.report {
  case .json(let path): try writeAtomically(Array(try report.json().utf8), to: path)
  case .csv(let path): try writeAtomically(Array(report.csv.utf8), to: path)
  case nil: break
  }
}
