import DiffusionCore
import DiffusionModels
import TensorCore

/// The variational bound on the negative log-likelihood of given images (Ho et al. 2020, eq. 5), evaluated
/// one batch at a time.
public struct Likelihood {
  /// The steps, and the classes of the images.
  public let plan: SamplingPlan
  private let given: InputImages
  private let network: any DenoisingNetwork
  /// PyTorch's stream, which continues from batch to batch.
  private var torch: TorchGenerator?

  /// Uses the steps in `request`, spaced like the original's DDPM; all of the process by default.
  ///
  /// - Throws: `SamplingError`.
  public init(_ request: SamplingRequest, _ model: DiffusionModel, of given: InputImages) throws(SamplingError) {
    try model.requireTimesteps()
    var request = request
    let classes = try given.classes(request.classes, model, takesNone: false)
    request.classes = nil
    request.count = given.count
    request.guidance = 1
    request.sampler = DDPM.info.name
    if request.respacing == nil && request.timesteps == nil && request.steps == nil {
      request.steps = model.specification.process.steps
    }
    var plan = try SamplingPlan(request, model)
    plan.classes = classes
    self.plan = plan
    network = plan.prepared(plan.model.network)
    self.given = given
    torch = request.noiseStream == .torch ? TorchGenerator(seed: plan.seed) : nil
  }

  /// Measures all images. `onStep` is called after each step of a batch of `count` images; if it throws,
  /// measuring stops.
  ///
  /// - Returns: the bounds, one per batch.
  public mutating func measure(onStep: (_ count: Int, _ step: Int) throws -> Void) rethrows -> [BitsPerDimension] {
    var bounds: [BitsPerDimension] = []
    for first in stride(from: 0, to: given.count, by: plan.batch) {
      let images = first..<min(first + plan.batch, given.count)
      bounds.append(try bound(given.pictures.rows(images), images, onStep: onStep))
    }
    return bounds
  }

  /// The bound of one batch, `x` `[N, C, H, W]`.
  private mutating func bound(
    _ x: Tensor, _ images: Range<Int>, onStep: (_ count: Int, _ step: Int) throws -> Void
  ) rethrows -> BitsPerDimension {
    var noise: AnyNoise
    if let torch {
      noise = .torch(TorchNoise(generator: torch, batch: plan.batch, kept: images.count, shape: plan.imageShape))
    } else {
      noise = .philox(PhiloxNoise(seed: plan.seed, images: images, shape: plan.imageShape))
      // As in sampling, draw s belongs to step s; the original's `calc_bpd_loop` draws no x_T.
      noise.skip()
    }
    let denoiser = plan.denoiser(images, network)
    let diffusion = plan.gaussian
    let terms = try (0..<diffusion.count).reversed().enumerated().map { done, i in
      let terms = diffusion.bpdTerms(
        denoiser, x, noise: noise.next(), step: i, clipping: plan.clipping)
      try onStep(images.count, done + 1)
      return terms
    }
    if case .torch(let used) = noise { torch = used.generator }
    return BitsPerDimension(priorBPD: diffusion.priorBPD(x), terms: terms)
  }
}
