import DiffusionCore
import DiffusionModels
import TensorCore

/// Draws the images of a plan, batch by batch.
struct Drawing {
  private let plan: Plan
  /// PyTorch's stream, which goes on from batch to batch.
  private var torch: TorchGenerator?

  /// The images of one batch.
  struct Batch {
    let images: [Int]
    /// x₀, `[N, C, H, W]`.
    let x: Tensor
    /// The class of each image, of a class-conditional model.
    let labels: [Int]?
  }

  init(_ plan: Plan) {
    self.plan = plan
    torch = plan.options.rng == .torch ? TorchGenerator(seed: plan.seed) : nil
  }

  /// Draws one batch, calling `onStep` after each step; what that throws ends the drawing.
  mutating func draw(_ images: [Int], onStep: (SamplerState) throws -> Void) rethrows -> Batch {
    let labels = labels(images)
    var noise: AnyNoise
    if let torch {
      noise = .torch(
        TorchNoise(
          generator: torch, batch: plan.batch, kept: images.count, shape: plan.imageShape,
          drawsSkipped: plan.model.settings.family != .diffusers))
    } else {
      noise = .philox(PhiloxNoise(seed: plan.seed, images: images, shape: plan.imageShape))
    }
    let start: Tensor
    if let given = plan.noise {
      start = Tensor.stacked(images.map { given.rows($0..<$0 + 1) })
      // The steps keep the numbers of their draws; PyTorch's loops draw no x_T that is given.
      if case .philox = noise { noise.skip() }
    } else {
      start = noise.next()
    }
    let sampler = plan.makeSampler()
    let scale = sampler.initialScale(plan.diffusion)
    var x =
      plan.initial?.start(images, plan.diffusion, noise: start) ?? (scale == 1 ? start : start.map { scale * $0 })
    let setting = SamplingContext(
      process: plan.diffusion, model: denoiser(images, labels),
      clipDenoised: plan.clipsDenoised,
      conditioner: conditioner(labels))
    var loop = SamplingLoop(
      setting, sampler, from: x, along: plan.path, keeping: plan.initial?.known(images), noise: noise)
    while let state = loop.next() {
      x = state.x
      try onStep(state)
    }
    noise = loop.noise
    if case .torch(let used) = noise { torch = used.generator }
    return Batch(images: images, x: x, labels: labels)
  }

  private func denoiser(_ images: [Int], _ labels: [Int]?) -> Denoiser {
    let steps = (0..<plan.diffusion.count).reversed().map { plan.diffusion.modelTimestep($0) }
    var unet = SteppedUNet(plan.model.unet, steps: steps)
    let lowRes = lowRes(images)
    func predict(_ x: Tensor, _ timesteps: [Float], _ labels: [Int]?) -> Tensor {
      guard let lowRes else { return unet(x, timesteps: timesteps, labels: labels) }
      // With guidance, each picture comes twice.
      let copies = [Tensor](repeating: lowRes, count: x.shape[0] / lowRes.shape[0])
      return unet(
        superResolutionInput(x, lowRes: Tensor.stacked(copies)), timesteps: timesteps, labels: labels)
    }
    guard let labels, plan.model.settings.unet.numClasses != nil else { return { predict($0, $1, nil) } }
    return classifierFreeGuidance(
      { predict($0, $1, $2) }, scale: plan.guidance, interval: plan.guidanceInterval, labels: labels,
      nullClass: plan.model.settings.nullClass ?? 0,
      channels: plan.imageShape[0])
  }

  private func conditioner(_ labels: [Int]?) -> Conditioner? {
    guard let classifier = plan.classifier, let labels else { return nil }
    return { classifier.gradient($0, $1, labels) }
  }

  /// What is to be enlarged for a batch, enlarged bilinearly: `[N, C, H, W]`.
  private func lowRes(_ images: [Int]) -> Tensor? {
    guard let pictures = plan.lowRes?.pictures else { return nil }
    let rows = images.map { $0 % pictures.shape[0] }
    return Tensor.stacked(rows.map { pictures.rows($0..<$0 + 1) })
      .bilinear(height: plan.imageShape[1], width: plan.imageShape[2])
  }

  /// The classes of a batch: as asked for, or drawn.
  private mutating func labels(_ images: [Int]) -> [Int]? {
    guard let drawable = plan.drawableClasses else { return nil }
    if plan.classes == nil, torch != nil, let drawn = torch?.randint(0, drawable.count, plan.batch) {
      return drawn.prefix(images.count).map { drawable[$0] }
    }
    return images.compactMap { plan.label(of: $0) }
  }
}

extension Plan {
  /// The class of an image, of a class-conditional model: as asked for, or drawn from the seed.
  func label(of image: Int) -> Int? {
    guard let drawable = drawableClasses else { return nil }
    if let classes { return classes[image % classes.count] }
    return drawable[PhiloxNoise.randomClass(seed: seed, image: image, count: drawable.count)]
  }
}
