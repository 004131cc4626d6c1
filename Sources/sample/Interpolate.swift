import DiffusionCommandLine
import DiffusionCore
import DiffusionOutput
import DiffusionTerminal
import DiffusionText
import Sampling

/// Interpolates between two images, or the first images of two seeds, along the arc between their noise.
///
/// - Throws: any error in the model, images or options, before anything is drawn; `FileError`, `Interrupted`.
func interpolate(_ options: Options) throws {
  guard case .interpolation(let ends, let frames) = options.request.source else {
    preconditionFailure("the command line asks for no interpolation")
  }
  let start = ContinuousClock.now
  let model = try openModel(options)
  var interpolation = try Interpolation(options.request, ends, frames: frames, model)
  // Fails before anything is encoded if the output cannot be written.
  let output = try ImageOutput(interpolation.plan, options.output, outputProgram)
  introduce(model, options)

  let plan = interpolation.plan
  let images = plan.indices.count + interpolation.encodedCount
  let leavesFiles = output.isFileEach && !options.output.overwrite
  try withProgress(
    progressStyle(options), images: images, steps: plan.process.count, leavesFiles: leavesFiles
  ) { advance in
    try interpolation.findNoise(onStep: advance)
    var run = try DrawingRun(interpolation.plan, options.output, outputProgram)
    try run.run(onStep: { try advance($1, $0.step) })
  }
  if !options.quiet {
    let time = decimal((ContinuousClock.now - start).seconds, 2)
    writeError("\(output.name): \(plan.indices.count) images, \(plan.process.count) DDIM steps, \(time) s\n")
  }
}
