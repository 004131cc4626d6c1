import DiffusionCommandLine
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import DiffusionTerminal
import TensorCore

/// Measures the variational bound on how improbable pictures are, and prints it.
///
/// - Throws: what is wrong with model, pictures or options, before anything is measured; `ImageError`, `Interrupted`.
func nll(_ options: Options, images: [String]) throws {
  if let threads = options.threads { ThreadPool.shared.threads = threads }
  let model = try Model(options)
  let given = try InputImages(images, for: model)
  let plan = try Plan(options, model, measuring: given)
  if let report = options.inversion.report { try requireFolder(of: report.path) }
  if options.model != nil && !options.quiet { introduce(model) }

  // PyTorch's stream, which goes on from batch to batch.
  var torch = options.rng == .torch ? TorchGenerator(seed: plan.seed) : nil
  var bounds: [BitsPerDimension] = []
  try withProgress(options, images: given.count, steps: plan.diffusion.count) { advance in
    for first in stride(from: 0, to: given.count, by: plan.batch) {
      let images = first..<min(first + plan.batch, given.count)
      bounds.append(try bound(given.pictures.rows(images), images, plan, &torch, onStep: advance))
    }
  }
  let report = LikelihoodReport(plan, given, bounds)
  try writeToStandardOutput(Array((options.json ? try report.json() : report.text).utf8))
  switch options.inversion.report {
  case .json(let path): try writeAtomically(Array(try report.json().utf8), to: path)
  case .csv(let path): try writeAtomically(Array(report.csv.utf8), to: path)
  case nil: break
  }
}

/// The bound of some of the pictures, `x` `[N, C, H, W]`, calling `onStep` after each step.
private func bound(
  _ x: Tensor, _ images: Range<Int>, _ plan: Plan, _ torch: inout TorchGenerator?,
  onStep: (_ count: Int, _ step: Int) throws -> Void
) throws -> BitsPerDimension {
  var noise: AnyNoise
  if let torch {
    noise = .torch(TorchNoise(generator: torch, batch: plan.batch, kept: images.count, shape: plan.imageShape))
  } else {
    noise = .philox(PhiloxNoise(seed: plan.seed, images: images, shape: plan.imageShape))
    // As when images are drawn, draw s is that of the s-th step; the original's `calc_bpd_loop` draws no x_T.
    noise.skip()
  }
  let steps = (0..<plan.diffusion.count).reversed()
  let labels = plan.model.settings.unet.numClasses == nil ? nil : images.compactMap { plan.label(of: $0) }
  var unet = SteppedUNet(plan.model.unet, steps: steps.map { plan.diffusion.modelTimestep($0) })
  let terms = try steps.enumerated().map { done, i in
    let terms = plan.diffusion.bpdTerms(
      { unet($0, timesteps: $1, labels: labels) }, x, noise: noise.next(), step: i, clipDenoised: plan.clipsDenoised)
    try onStep(images.count, done + 1)
    return terms
  }
  if case .torch(let used) = noise { torch = used.generator }
  return BitsPerDimension(priorBPD: plan.diffusion.priorBPD(x), terms: terms)
}

extension Plan {
  /// The steps at which given pictures are measured: all of the process, unless others are asked for, spread as the original spreads
  /// those of DDPM.
  fileprivate init(_ options: Options, _ model: Model, measuring given: InputImages) throws {
    var options = options
    let classes = try given.classes(options.classes, model, takesNone: false)
    options.classes = nil
    options.count = given.count
    options.guidance = 1
    options.sampler = .ddpm
    if options.respacing == nil && options.timesteps == nil && options.steps == nil {
      options.steps = model.settings.diffusionSteps
    }
    self = try Plan(options, model)
    self.classes = classes
  }
}
