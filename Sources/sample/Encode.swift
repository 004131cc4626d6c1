import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionTerminal
import DiffusionText
import TensorCore

/// Writes the noise that DDIM draws given pictures from.
///
/// - Throws: what is wrong with model, pictures or options, before anything is encoded; `ImageError`, `Interrupted`.
func encode(_ options: Options, images: [String]) throws {
  let start = ContinuousClock.now
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let model = try Model(options)
  let given = try InputImages(images, for: model)
  var options = options
  let path: String
  if case .npy(let given) = options.output { path = given } else { path = "noise.npy" }
  options.output = .npy(path)
  try requireFolder(of: path)
  let plan = try Plan(options, model, reconstructing: given)
  if options.model != nil && !options.quiet { introduce(model) }

  let z = try withProgress(options, images: given.count, steps: plan.diffusion.count) { advance in
    try Inversion(plan).encode(given.pictures, onStep: advance)
  }
  try writeAtomically(npy(z.shape, .float32(z.values)), to: path)
  if !options.quiet {
    let pictures = given.count == 1 ? "" : "\(given.count) pictures, "
    writeError(
      "\(path): \(pictures)\(plan.diffusion.count) steps of DDIM backwards, \(decimal((ContinuousClock.now - start).seconds, 2)) s; drawn again by\n\(shellLine(plan.drawingAgain(from: path)))\n"
    )
  }
}

extension Plan {
  /// The command that draws the pictures again from the file of their noise.
  fileprivate func drawingAgain(from path: String) -> [String] {
    var words = ["sample"] + (options.model.map { ["--model", $0] } ?? []) + ["--noise", path, "--sampler", "ddim"]
    if options.count > 1 { words += ["--count", "\(options.count)"] }
    words += sameDrawingArguments(classes: classes)
    if model.settings.nullClass != nil { words += ["--guidance", "1"] }
    return words + (options.count > 1 ? ["--grid"] : []) + ["--out", "again.png"]
  }
}

/// Runs `body` with a bar on standard error that its argument moves on, and which Ctrl-C ends.
///
/// - Parameters:
///   - images: how many.
///   - steps: of each image.
/// - Throws: `Interrupted`, and what `body` throws.
func withProgress<Result>(
  _ options: Options, images: Int, steps: Int,
  _ body: (_ advance: (_ count: Int, _ step: Int) throws -> Void) throws -> Result
) throws -> Result {
  Interruption.watch()
  var progress = ProgressBar(style: progressStyle(options), images: images, steps: steps)
  defer { progress.finish() }
  do {
    return try body { count, step in
      progress.advance(by: count, step: step)
      try Interruption.check()
    }
  } catch let interrupted as Interrupted {
    progress.finish()
    writeError("interrupted: not all is done; type the same again to do it anew\n")
    throw interrupted
  }
}
