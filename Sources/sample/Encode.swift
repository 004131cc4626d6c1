import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionOutput
import DiffusionTerminal
import DiffusionText
import Sampling

/// Writes the noise that DDIM draws given pictures from.
///
/// - Throws: what is wrong with model, pictures or options, before anything is encoded; `FileError`, `Interrupted`.
func encode(_ options: Options, images: [String]) throws {
  let start = ContinuousClock.now
  let model = try openModel(options)
  let given = try InputImages(images, for: model)
  let path = options.output.destination?.path ?? "noise.npy"
  try requireFolder(of: path)
  let plan = try SamplingPlan(options.request, model, reconstructing: given)
  introduce(model, options)

  let z = try withProgress(progressStyle(options), images: given.count, steps: plan.diffusion.count) { advance in
    try Inversion(plan).encode(given.pictures, onStep: advance)
  }
  try writeAtomically(npy(z.shape, .float32(z.values)), to: path)
  if !options.quiet {
    let pictures = given.count == 1 ? "" : "\(given.count) pictures, "
    let time = decimal((ContinuousClock.now - start).seconds, 2)
    writeError(
      "\(path): \(pictures)\(plan.diffusion.count) steps of DDIM backwards, \(time) s; drawn again by\n\(shellLine(drawnAgain(plan, from: path)))\n"
    )
  }
}

/// The command that draws the pictures again from the file of their noise.
private func drawnAgain(_ plan: SamplingPlan, from path: String) -> [String] {
  var request = plan.canonicalRequest(image: nil, label: nil)
  request.source = .noise
  (request.noise, request.sampler, request.count) = (path, "ddim", plan.indices.count)
  if plan.model.specification.nullClass != nil { request.guidance = 1 }
  return drawingCommand(request, sheet: plan.indices.count > 1 ? SheetLayout() : nil)
}
