import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionOutput
import DiffusionTerminal
import DiffusionText
import Sampling

/// Writes the noise from which DDIM draws the given images.
///
/// - Throws: any error in the model, images or options, before anything is encoded; `FileError`, `Interrupted`.
func encode(_ options: Options, images: [String]) throws {
  let start = ContinuousClock.now
  let model = try openModel(options)
  let given = try InputImages(images, for: model)
  let path = options.output.destination?.path ?? "noise.npy"
  let plan = try SamplingPlan(options.request, model, reconstructing: given)
  var files = CommandFiles()
  for (option, path) in plan.inputFiles { files.read(option, path) }
  files.write("--out", path, ifThere: options.output.overwrite ? .replace : .keep())
  try files.check()
  introduce(model, options)

  let z = try withProgress(progressStyle(options), images: given.count, steps: plan.process.count) { advance in
    try Inversion(plan).encode(given.pictures, onStep: advance)
  }
  try writeAtomically(npy(z.shape, .float32(z.values)), to: path)
  if !options.quiet {
    let pictures = given.count == 1 ? "" : "\(given.count) images, "
    let time = decimal((ContinuousClock.now - start).seconds, 2)
    writeError(
      """
      \(path): \(pictures)\(plan.process.count) steps of DDIM inversion, \(time) s; to draw again, type
      \(shellLine(drawnAgain(plan, from: path)))

      """)
  }
}

/// The command that draws the images again from the noise file.
private func drawnAgain(_ plan: SamplingPlan, from path: String) -> [String] {
  var request = plan.canonicalRequest(image: nil, label: nil)
  request.source = .noise
  (request.noise, request.sampler, request.count) = (path, DDIM.info.name, plan.indices.count)
  if plan.model.specification.nullClass != nil { request.guidance = 1 }
  return drawingCommand(request, sheet: plan.indices.count > 1 ? SheetLayout() : nil)
}
