import DiffusionCore
import DiffusionFiles
import DiffusionImages
import DiffusionModels
import TensorCore

/// All that a drawing needs decided before it starts, from the request and the model.
public struct SamplingPlan: Sendable {
  /// What was asked for.
  public let request: SamplingRequest
  /// What draws.
  public let model: DiffusionModel
  /// The model's process, at the steps that the sampler takes.
  public let diffusion: GaussianDiffusion
  /// The way from noise to image.
  public let sampler: SamplerInfo
  /// Where noise and classes start from.
  public let seed: UInt64
  /// The scale of classifier-free guidance; 1 is none.
  public let guidance: Double
  /// What guides the images to their classes besides, if anything does.
  public let classifier: GuidingClassifier?
  /// Classes to be taken in turn; nil to draw them.
  public internal(set) var classes: [Int]?
  /// The images.
  public let indices: ImageIndices
  /// Images at a time.
  public let batch: Int
  /// x_T of all images, if it is given.
  public internal(set) var noise: Tensor?
  /// Where the pictures are from that the noise is made of, one for each image; nil if it is not made of any.
  public internal(set) var origins: [InputImages.Name]?
  /// What a super-resolution model enlarges, one picture after the other, again from the first when all are done.
  let lowRes: LowResolution?
  /// What images start from in place of noise alone, if that is given.
  public let initial: InitialImages?

  /// Decides what `request` leaves open. Where the noise is to be made of pictures or of two seeds, see `Inversion` and `Interpolation`.
  ///
  /// - Parameters:
  ///   - request: what is asked for.
  ///   - model: what draws.
  ///   - samplers: the samplers that there are.
  /// - Throws: `SamplingError`.
  public init(
    _ request: SamplingRequest, _ model: DiffusionModel, samplers: [SamplerInfo] = SamplerInfo.all
  ) throws(SamplingError) {
    if let problem = request.problem { throw .request(problem) }
    self.request = request
    self.model = model
    let specification = model.specification
    let sampler = try Self.sampler(request, samplers)
    let diffusion = try inSamplingTerms { try Self.diffusion(request, specification, sampler) }
    (self.sampler, self.diffusion) = (sampler, diffusion)
    seed = request.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    guard sampler.isDefined(for: diffusion) else { throw .undefinedSampler(sampler.name, model: model.name) }
    initial = try InitialImages(request, model, steps: diffusion.count)
    lowRes = try Self.lowResolution(request, model)
    guidance = try Self.guidance(request, model)
    classifier = try request.classifier.map { path throws(SamplingError) in
      try GuidingClassifier(path: path, scale: request.classifierScale ?? 1, for: model)
    }
    if let selections = request.classes {
      guard let known = model.classes ?? classifier?.classes else { throw .noClasses(model: model.name) }
      classes = try known.indices(of: selections)
    } else {
      // A picture is enlarged, and drawn again, as what it was drawn as.
      classes = specification.classCount == nil ? nil : lowRes?.labels ?? initial?.labels
    }
    indices = ImageIndices(count: request.count, index: request.index, shard: request.shard)
    batch = min(Swift.max(1, indices.count), request.batch ?? Self.usualBatch(request, model))
    noise = try request.noise.map { path throws(SamplingError) in try Self.readNoise(path, request, specification) }
  }

  /// The shape of one image: `[C, H, W]`.
  public var imageShape: [Int] { model.specification.imageShape }

  /// The classes that can be drawn, of the model or else of the classifier; nil if there are none.
  public var drawableClasses: [Int]? {
    model.specification.classCount != nil
      ? model.specification.drawableClasses : classifier.map { Array(0..<$0.classes.count) }
  }

  /// The class of an image, of a class-conditional model: as asked for, or drawn from the seed.
  public func label(of image: Int) -> Int? {
    guard let drawable = drawableClasses else { return nil }
    if let classes { return classes[image % classes.count] }
    return drawable[PhiloxNoise.randomClass(seed: seed, image: image, count: drawable.count)]
  }

  /// Whether the predicted picture is clipped to [-1, 1] at each step.
  public var clipsDenoised: Bool { request.clipDenoised ?? model.specification.clipDenoised }

  /// How many batches the images make.
  public var batches: Int { (indices.count + batch - 1) / batch }

  /// The way through the steps.
  public var schedule: ResamplingSchedule { initial?.schedule ?? ResamplingSchedule(steps: diffusion.count) }

  /// The timesteps with guidance, on the model's scale; nil for all.
  var guidanceInterval: ClosedRange<Float>? {
    request.guidanceInterval.map {
      let scale = diffusion.rescaleTimesteps ? 1000 / Float(diffusion.originalSteps) : 1
      return Float($0.lowerBound) * scale...Float($0.upperBound) * scale
    }
  }

  /// Passes through the network for one image; with guidance two in place of one where it applies.
  public var modelEvaluations: Int {
    let stretches = schedule.stretches
    let passes = stretches.enumerated().reduce(0) { sum, stretch in
      sum + sampler.modelEvaluations(steps: stretch.element, endsInPicture: stretch.offset == stretches.count - 1)
    }
    if guidance == 1 { return passes }
    let steps = schedule.steps
    let guided = steps.filter { guidanceInterval?.contains(diffusion.modelTimestep($0)) ?? true }.count
    // The second passes of a solver are at the same timesteps.
    return passes + passes * guided / steps.count
  }
}

extension SamplingPlan {
  private static func sampler(
    _ request: SamplingRequest, _ samplers: [SamplerInfo]
  ) throws(SamplingError) -> SamplerInfo {
    let name = request.sampler ?? request.defaultSampler
    if let sampler = SamplerInfo.named(name, among: samplers) { return sampler }
    throw .unknownSampler(name, known: samplers.map(\.name))
  }

  private static func guidance(
    _ request: SamplingRequest, _ model: DiffusionModel
  ) throws(SamplingError) -> Double {
    let specification = model.specification
    let guidance: Double
    if let asked = request.guidance {
      guard asked == 1 || specification.nullClass != nil else { throw .noNullClass(model: model.name) }
      guidance = asked
    } else {
      guidance = specification.nullClass == nil ? 1 : specification.recommendedGuidance ?? 1
    }
    if let interval = request.guidanceInterval {
      guard guidance != 1 else { throw .intervalWithoutGuidance }
      let steps = specification.process.steps
      guard interval.lowerBound < steps else { throw .interval(interval, last: steps - 1) }
    }
    return guidance
  }

  /// So many that the activations stay within about half a gigabyte; beyond 16, larger batches gain no speed. What PyTorch's
  /// stream gives depends on the batch: unless one is asked for, it is drawn for all images at once.
  private static func usualBatch(_ request: SamplingRequest, _ model: DiffusionModel) -> Int {
    if request.noiseStream == .torch { return request.count }
    let bytes = model.network.activationBytes(size: Array(model.specification.imageShape.dropFirst()))
    return min(max(1, (512 << 20) / max(1, bytes)), 16)
  }

  /// The model's process, at the steps that the sampler takes.
  private static func diffusion(
    _ request: SamplingRequest, _ specification: ModelSpecification, _ sampler: SamplerInfo
  ) throws(SpacingError) -> GaussianDiffusion {
    let process = specification.process
    let count = process.steps
    let steps = request.steps ?? min(sampler.defaultSteps, count)
    if let timesteps = request.timesteps {
      guard timesteps[0] < count else {
        throw .timesteps("--timesteps \(timesteps.map(String.init).joined(separator: ","))", last: count - 1)
      }
      return process.diffusion(timesteps: timesteps.reversed())
    }
    if let respacing = request.respacing {
      return process.diffusion(timesteps: try spaceTimesteps(count, sections: respacing))
    }
    guard let spacing = request.spacing ?? specification.spacing ?? sampler.defaultSpacing else {
      return process.diffusion(timesteps: try timesteps(count, steps: steps, isDDIM: sampler.name == "ddim"))
    }
    return process.diffusion(
      levels: try NoiseLevels(betas: process.betas, steps: steps, spacing: spacing, style: sampler.spacingStyle))
  }

  private static func lowResolution(
    _ request: SamplingRequest, _ model: DiffusionModel
  ) throws(SamplingError) -> LowResolution? {
    let specification = model.specification
    guard let path = request.lowRes else {
      guard specification.task != .superResolution else { throw .nothingToEnlarge(model: model.name) }
      return nil
    }
    guard specification.task == .superResolution else { throw .enlargesNothing(model: model.name) }
    let lowRes = try inSamplingTerms { try readLowResolution(path, channels: specification.imageChannels) }
    let (height, width) = (lowRes.pictures.shape[2], lowRes.pictures.shape[3])
    guard height <= specification.imageSize, width <= specification.imageSize else {
      throw .lowResSize(path: path, width: width, height: height, model: model.name, size: specification.imageSize)
    }
    try model.checkLabels(lowRes.labels, of: path)
    return lowRes
  }

  private static func readNoise(
    _ path: String, _ request: SamplingRequest, _ specification: ModelSpecification
  ) throws(SamplingError) -> Tensor {
    let noise = try inSamplingTerms { try readNPY(try readFile(path), path: path) }
    // Row k is the noise of image k, also where only some are drawn.
    let count = request.index.map { $0.upperBound + 1 } ?? request.count
    let needed = [count] + specification.imageShape
    guard noise.shape == needed else { throw .noiseShape(path: path, found: noise.shape, needed: needed) }
    return noise
  }
}
