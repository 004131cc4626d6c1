import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import TensorCore

/// Everything decided before sampling starts, from the request and the model.
public struct SamplingPlan: Sendable {
  /// The original request.
  public let request: SamplingRequest
  /// The model that draws.
  public let model: DiffusionModel
  /// The model's process at the levels that the sampler visits.
  public let process: any NoiseProcess
  /// The sampler.
  public let sampler: SamplerInfo
  /// The seed of noise and classes.
  public let seed: UInt64
  /// The classifier-free guidance scale; 1 is no guidance.
  public let guidance: Double
  /// The model that guides sampling in place of the null class, if any.
  public let guide: GuideModel?
  /// The classifier that guides sampling, if any.
  public let classifier: GuidingClassifier?
  /// Classes to cycle through; nil to draw them at random.
  public internal(set) var classes: [Int]?
  /// The images to draw.
  public let indices: ImageIndices
  /// Images per batch.
  public let batch: Int
  /// x_T of all images, if given.
  public internal(set) var noise: Tensor?
  /// The input that each image's noise was encoded from; nil if it was not.
  public internal(set) var origins: [InputImages.Name]?
  /// A super-resolution model's low-resolution inputs, cycled through.
  let lowRes: LowResolutionImages?
  /// Images that a conditional model draws from.
  let condition: ConditionImages?
  /// Images to start from instead of pure noise, if given.
  public let initial: InitialImages?

  /// Resolves what `request` leaves open. For noise encoded from images or interpolated between seeds, see `Inversion`
  /// and `Interpolation`.
  ///
  /// - Parameters:
  ///   - request: what to draw.
  ///   - model: the model that draws it.
  ///   - samplers: the samplers to choose from.
  /// - Throws: `SamplingError`.
  public init(
    _ request: SamplingRequest, _ model: DiffusionModel, samplers: [SamplerInfo] = SamplerInfo.all
  ) throws(SamplingError) {
    var request = request.withAllTimesteps(of: model.specification.process)
    if let problem = request.problem(among: samplers) { throw .request(problem) }
    if let shard = request.shard, shard.count > 1, request.seed == nil { throw .request(shard.needsSeed) }
    self.model = model
    let specification = model.specification
    let sampler = try Self.sampler(request, specification, samplers)
    let process = try inSamplingTerms { try Self.process(request, specification, sampler) }
    (self.sampler, self.process) = (sampler, process)
    seed = request.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    if request.eta != nil && !sampler.parameters.contains(.eta) {
      throw .request("--eta is for \(DDIM.info.name), but the sampler is \(sampler.name); leave --eta out")
    }
    try Self.checkChurn(request, process, sampler, samplers)
    guard sampler.isDefined(for: process) else {
      throw .undefinedSampler(
        sampler.name, model: model.name, defined: samplers.filter { $0.isDefined(for: process) }.map(\.name))
    }
    if let most = sampler.mostSteps, process.count > most {
      throw .request(
        """
        --sampler \(sampler.name) takes \(most) step, not \(process.count); \
        type --sampler \(Consistency.multistepInfo.name)
        """)
    }
    initial = try InitialImages(request, model, steps: process.count)
    lowRes = try LowResolutionImages(request, model)
    condition = try ConditionImages(request, model)
    if request.statedCount == nil, request.index == nil {
      let counts = [initial?.files, lowRes?.files, condition?.files].compactMap { $0?.usualCount }
      if let count = counts.max() { request.count = count }
    }
    self.request = request
    guidance = try Self.guidance(request, model)
    guide = try request.guideModel.map { path throws(SamplingError) in
      try GuideModel(path: path, settings: request.settings, for: model)
    }
    classifier = try request.classifier.map { path throws(SamplingError) in
      try GuidingClassifier(path: path, scale: request.classifierScale ?? 1, for: model)
    }
    if let selections = request.classes {
      guard let known = model.classes ?? classifier?.classes else { throw .noClasses(model: model.name) }
      let found = try known.indices(of: selections)
      guard !found.isEmpty else { throw .noClasses(model: model.name) }
      classes = found
    } else {
      // Upscaling and image-to-image keep the input's class.
      classes = specification.classCount == nil ? nil : lowRes?.labels ?? initial?.labels
    }
    if let classifier, let classes, !classes.allSatisfy({ $0 < classifier.classes.count }) {
      throw .classifierClasses(
        path: classifier.name, classifier.classes.count, model: model.name,
        specification.classCount ?? classifier.classes.count)
    }
    indices = ImageIndices(count: request.count, index: request.index, shard: request.shard)
    batch = min(Swift.max(1, indices.count), request.batch ?? Self.usualBatch(request, model))
    noise = try request.noise.map { path throws(SamplingError) in try Self.readNoise(path, request, specification) }
  }

  /// The process in timesteps, for what is defined only there.
  ///
  /// - Precondition: it is such a process, as plans of DDPM and DDIM have.
  public var gaussian: GaussianDiffusion {
    guard let gaussian = process as? GaussianDiffusion else { preconditionFailure("the process has no timesteps") }
    return gaussian
  }

  /// Whether pixels are rounded to the nearest value (see `uint8Pixels(_:rounding:)`).
  public var roundsPixels: Bool { model.specification.conventions.roundsPixels }

  /// The shape of one image that the process works on, a picture or a latent: `[C, H, W]`.
  public var imageShape: [Int] { model.specification.imageShape }

  /// The shape of one picture that is drawn: `[C, H, W]`.
  public var pictureShape: [Int] { model.specification.pictureShape }

  /// The classes that can be drawn, the model's or else the classifier's; nil if there are none.
  public var drawableClasses: [Int]? {
    model.specification.classCount != nil
      ? model.specification.drawableClasses : classifier.map { Array(0..<$0.classes.count) }
  }

  /// The class of an image, as requested or drawn from the seed; nil if there are no classes.
  public func label(of image: Int) -> Int? {
    guard let drawable = drawableClasses else { return nil }
    if let classes { return classes[image % classes.count] }
    return drawable[PhiloxNoise.randomClass(seed: seed, image: image, count: drawable.count)]
  }

  /// The classes of all images of the plan; nil if there are none, or if PyTorch's stream decides them as it goes.
  public var labels: [Int]? {
    guard drawableClasses != nil, classes != nil || request.noiseStream != .torch else { return nil }
    return indices.compactMap { label(of: $0) }
  }

  /// How x̂₀ is clipped at each step.
  public var clipping: Clipping {
    switch (request.clipDenoised, model.specification.clipping) {
    case (false?, _): .none
    case (true?, .none): .range(1)
    case (_, let clipping): clipping
    }
  }

  /// The number of batches.
  public var batches: Int { (indices.count + batch - 1) / batch }

  /// The order in which steps are taken.
  public var schedule: ResamplingSchedule { initial?.schedule ?? ResamplingSchedule(steps: process.count) }

  /// The timesteps with guidance, as the network sees them; nil for all.
  var guidanceInterval: ClosedRange<Float>? {
    request.guidanceInterval.map {
      let specification = model.specification.process
      let scale = specification.rescaleTimesteps ? 1000 / Float(specification.steps) : 1
      return Float($0.lowerBound) * scale...Float($0.upperBound) * scale
    }
  }

  /// Forward passes per image; a guided pass counts twice.
  public var modelEvaluations: Int {
    let stretches = schedule.stretches
    let passes = stretches.enumerated().reduce(0) { sum, stretch in
      sum
        + sampler.modelEvaluations(
          of: process, steps: stretch.element, endsInPicture: stretch.offset == stretches.count - 1)
    }
    if guidance == 1 { return passes }
    let steps = schedule.steps
    let guided = steps.filter { guidanceInterval?.contains(process.level($0).conditioning) ?? true }.count
    // A solver's second passes are at the same timesteps, so the same fraction of them is guided.
    return passes + passes * guided / steps.count
  }
}

extension SamplingRequest {
  /// An empty `respacing` put into numbers, as in the original: all timesteps of the process, with DDPM unless another
  /// sampler is named. A process without timesteps has a spacing of its own.
  fileprivate func withAllTimesteps(of process: ProcessSpecification) -> SamplingRequest {
    guard respacing?.isEmpty == true else { return self }
    var request = self
    request.respacing = process.continuous == nil ? "\(process.steps)" : nil
    if process.continuous == nil, eta == nil { request.sampler = sampler ?? DDPM.info.name }
    return request
  }
}

extension SamplingPlan {
  private static func sampler(
    _ request: SamplingRequest, _ specification: ModelSpecification, _ samplers: [SamplerInfo]
  ) throws(SamplingError) -> SamplerInfo {
    let name =
      request.sampler
      ?? specification.process.continuous.map { specification.recommendedSampler ?? $0.defaultSampler(request).name }
      ?? request.defaultSampler
    if let sampler = SamplerInfo.named(name, among: samplers) { return sampler }
    throw .unknownSampler(name, known: samplers.map(\.name))
  }

  private static func guidance(
    _ request: SamplingRequest, _ model: DiffusionModel
  ) throws(SamplingError) -> Double {
    let specification = model.specification
    let guidance: Double
    if request.guideModel != nil && request.guidance == nil {
      throw .request("--guide-model needs the scale of guidance; type for instance --guidance 2")
    }
    if let asked = request.guidance {
      guard asked == 1 || specification.nullClass != nil || request.guideModel != nil else {
        throw .noNullClass(model: model.name)
      }
      guidance = asked
    } else {
      guidance = specification.nullClass == nil ? 1 : specification.recommendedGuidance ?? 1
    }
    if let interval = request.guidanceInterval {
      guard guidance != 1 else { throw .intervalWithoutGuidance }
      guard specification.process.continuous == nil else {
        throw .request("--guidance-interval is in timesteps, which \(model.name) does not have; leave it out")
      }
      let steps = specification.process.steps
      guard interval.lowerBound < steps else { throw .interval(interval, last: steps - 1) }
    }
    return guidance
  }

  /// Keeps activations within about 512 MB; batches beyond 16 are no faster. PyTorch's stream depends on the batch, so
  /// by default it is drawn for all images at once.
  private static func usualBatch(_ request: SamplingRequest, _ model: DiffusionModel) -> Int {
    if request.noiseStream == .torch && !model.specification.conventions.drawsImagesApart { return request.count }
    let bytes = model.network.activationBytes(size: Array(model.specification.imageShape.dropFirst()))
    return min(max(1, (512 << 20) / max(1, bytes)), 16)
  }

  /// The model's process at the sampler's levels.
  private static func process(
    _ request: SamplingRequest, _ specification: ModelSpecification, _ sampler: SamplerInfo
  ) throws -> any NoiseProcess {
    if let continuous = specification.process.continuous {
      return ContinuousProcess(
        continuous, sigmas: try continuous.sigmas(request, sampler, usual: specification.conventions.continuousSteps))
    }
    if request.sigmas != nil || request.scales != nil {
      throw SamplingError.request(
        """
        \(request.sigmas != nil ? "--sigmas" : "--ts") is for models whose noise levels are continuous; \
        type --timesteps for one whose levels are timesteps
        """)
    }
    return try diffusion(request, specification, sampler)
  }

  /// The tables of a process in timesteps.
  private static func diffusion(
    _ request: SamplingRequest, _ specification: ModelSpecification, _ sampler: SamplerInfo
  ) throws(SpacingError) -> GaussianDiffusion {
    let process = specification.process
    let count = process.steps
    let conventions = specification.conventions
    let takesAll = conventions.ddpmTakesAllSteps && sampler.name == DDPM.info.name
    let steps = request.steps ?? (takesAll ? count : min(sampler.defaultSteps, count))
    if let timesteps = request.timesteps {
      guard timesteps[0] < count else {
        throw .timesteps("--timesteps \(timesteps.map(String.init).joined(separator: ","))", last: count - 1)
      }
      return process.diffusion(timesteps: timesteps.reversed())
    }
    if let respacing = request.respacing {
      return process.diffusion(timesteps: try spaceTimesteps(count, sections: respacing))
    }
    guard let spacing = Self.spacing(request, specification, sampler) else {
      if sampler.usesIntegerStride && conventions.ddimGrid != .original {
        return process.diffusion(
          levels: try NoiseLevels(betas: process.betas, steps: steps, grid: conventions.ddimGrid))
      }
      return process.diffusion(timesteps: try timesteps(count, steps: steps, isDDIM: sampler.usesIntegerStride))
    }
    return process.diffusion(
      levels: try NoiseLevels(
        betas: process.betas, steps: steps, spacing: spacing, style: sampler.spacingStyle,
        options: conventions.levels))
  }

  /// How steps are spaced; nil for the original's spacing.
  private static func spacing(
    _ request: SamplingRequest, _ specification: ModelSpecification, _ sampler: SamplerInfo
  ) -> TimestepSpacing? {
    if let spacing = request.spacing { return spacing }
    let style = sampler.spacingStyle
    if specification.usesKarrasSigmas, style == .multistep || style == .continuous { return .karras }
    return specification.spacing
      ?? (specification.conventions.spacesAsSchedulers ? style.usualSpacing : sampler.defaultSpacing)
  }

  /// How the sampler's steps are spaced; nil for the original's spacing.
  var spacing: TimestepSpacing? { Self.spacing(request, model.specification, sampler) }

  private static func readNoise(
    _ path: String, _ request: SamplingRequest, _ specification: ModelSpecification
  ) throws(SamplingError) -> Tensor {
    let noise = try inSamplingTerms { try readNPY(try readFile(path), path: path) }
    // Row k is always image k's noise, even if only some images are drawn.
    let count = request.index.map { $0.upperBound + 1 } ?? request.count
    let needed = [count] + specification.imageShape
    guard noise.shape == needed else { throw .noiseShape(path: path, found: noise.shape, needed: needed) }
    guard noise.withUnsafePointer({ values in (0..<noise.count).allSatisfy { values[$0].isFinite } }) else {
      throw .noiseNotFinite(path: path)
    }
    return noise
  }
}
