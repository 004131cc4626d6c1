import DiffusionCore
import DiffusionModels
import TensorCore

/// Draws the images of a plan, batch by batch.
public struct ImageGenerator {
  private let plan: SamplingPlan
  /// Keeps the projected embeddings from batch to batch.
  private let network: any DenoisingNetwork
  /// The guiding model's, prepared likewise; nil without one.
  private let guide: (any DenoisingNetwork)?
  /// PyTorch's stream, which continues from batch to batch.
  private var torch: TorchGenerator?

  /// The images of one batch.
  public struct Batch: Sendable {
    /// Their indices.
    public let images: [Int]
    /// x₀, `[N, C, H, W]`, nominally in [-1, 1].
    public let x: Tensor
    /// The class of each image; nil if neither the model nor a classifier has classes.
    public let labels: [Int]?
  }

  /// Creates the generator; nothing is drawn yet.
  public init(_ plan: SamplingPlan) {
    self.plan = plan
    network = plan.prepared(plan.model.network)
    guide = plan.guide.map { plan.prepared($0.model.network) }
    torch = plan.request.noiseStream == .torch && !plan.drawsImagesApart ? TorchGenerator(seed: plan.seed) : nil
  }

  /// Draws one batch, calling `onStep` after each step; if it throws, drawing stops.
  public mutating func draw(_ images: [Int], onStep: (SamplerState) throws -> Void) rethrows -> Batch {
    var drawing = start(images)
    while let state = drawing.next() { try onStep(state) }
    return finish(drawing)
  }

  /// A batch in progress, one step at a time.
  struct Drawing: Sequence, IteratorProtocol {
    let images: [Int]
    fileprivate let labels: [Int]?
    fileprivate var loop: SamplingLoop<AnyNoise>
    fileprivate var x: Tensor
    /// Whether the network knows images in 0 to 1.
    fileprivate let fromZero: Bool

    /// Takes a step; nil when there is none left.
    mutating func next() -> SamplerState? {
      guard var state = loop.next() else { return nil }
      if fromZero { state = state.widened }
      x = state.x
      return state
    }
  }

  /// Begins a batch.
  mutating func start(_ images: [Int]) -> Drawing {
    var labels = labels(images)
    var noise: AnyNoise
    if plan.drawsImagesApart {
      noise = .stacked(StackedTorchNoise(seed: plan.seed, images: images, shape: plan.imageShape))
    } else if let torch {
      noise = .torch(
        TorchNoise(
          generator: torch, batch: plan.batch, kept: images.count, shape: plan.imageShape,
          drawsSkipped: plan.model.specification.conventions.drawsUnusedNoise))
    } else {
      noise = .philox(PhiloxNoise(seed: plan.seed, images: images, shape: plan.imageShape))
    }
    let start: Tensor
    if let given = plan.noise {
      start = given.gatheringRows(images)
      // Keeps the numbering of the later draws; PyTorch's loops do not draw an x_T that is given.
      if case .torch = noise {} else { noise.skip() }
    } else {
      start = noise.next()
    }
    if case .stacked(var streams) = noise, let drawable = plan.drawableClasses {
      // Drawn even where they are given, as in the original.
      let drawn = streams.classes(of: drawable.count)
      noise = .stacked(streams)
      if plan.classes == nil { labels = drawn.map { drawable[$0] } }
    }
    let sampler = plan.sampler.make(plan.parameters)
    let (scale, offset) = plan.startingNoise(sampler)
    let condition = plan.condition?.conditions(images, noise: start)
    let x =
      (plan.condition?.startsSampling == true ? condition : nil)
      ?? plan.initial?.start(images, plan.process, noise: start)
      ?? ((scale, offset) == (1, 0) ? start : start.map { scale * $0 + offset })
    let previous = SelfConditioning()
    let context = SamplingContext(
      process: plan.process, model: denoiser(images, labels, previous, condition), clipping: plan.clipping,
      conditioner: conditioner(labels), selfConditioning: previous)
    let loop = SamplingLoop(
      context, sampler, from: x, along: plan.schedule,
      keeping: plan.initial?.constraint(images) ?? plan.condition?.constraint(images), noise: noise)
    return Drawing(
      images: images, labels: labels, loop: loop, x: x,
      fromZero: plan.model.specification.conventions.imagesFromZero)
  }

  /// Finishes a batch after its last step: decodes latents.
  mutating func finish(_ drawing: Drawing) -> Batch {
    if case .torch(let used) = drawing.loop.noise { torch = used.generator }
    return Batch(images: drawing.images, x: plan.model.pictures(of: drawing.x), labels: drawing.labels)
  }

  private func denoiser(
    _ images: [Int], _ labels: [Int]?, _ previous: SelfConditioning, _ condition: Tensor?
  ) -> Denoiser {
    let (network, guide) = (network, guide)
    let lowRes = lowRes(images)
    func predict(_ x: Tensor, _ timesteps: [Float], _ labels: [Int?]?) -> Tensor {
      // With guidance, each image occurs twice.
      func repeated(_ images: Tensor) -> Tensor {
        Tensor.stacked([Tensor](repeating: images, count: x.shape[0] / images.shape[0]))
      }
      return network(
        x,
        NetworkInputs(
          conditioning: timesteps, labels: labels, lowRes: lowRes.map(repeated), condition: condition.map(repeated),
          selfCondition: previous.xStart.map(repeated)))
    }
    let hasClasses = plan.model.specification.classCount != nil
    if let guide {
      let given = hasClasses ? labels : nil
      return autoguidance(
        { predict($0, $1, given) },
        weak: {
          guide($0, NetworkInputs(conditioning: $1, labels: given, selfCondition: previous.xStart))
        }, scale: plan.guidance,
        interval: plan.guidanceInterval, channels: plan.imageShape[0])
    }
    guard let labels, hasClasses else { return { predict($0, $1, nil) } }
    return classifierFreeGuidance(
      { predict($0, $1, $2) }, scale: plan.guidance, interval: plan.guidanceInterval, labels: labels,
      channels: plan.imageShape[0], rescaling: plan.model.specification.conventions.guidanceRescaling)
  }

  private func conditioner(_ labels: [Int]?) -> Conditioner? {
    guard let classifier = plan.classifier, let labels else { return nil }
    return { classifier.gradient($0, $1, labels) }
  }

  /// The low-resolution inputs of a batch, upsampled bilinearly: `[N, C, H, W]`.
  private func lowRes(_ images: [Int]) -> Tensor? {
    plan.lowRes?.enlarged(images, height: plan.imageShape[1], width: plan.imageShape[2])
  }

  /// The classes of a batch, as requested or drawn at random.
  private mutating func labels(_ images: [Int]) -> [Int]? {
    guard let drawable = plan.drawableClasses else { return nil }
    if plan.classes == nil, var stream = torch {
      let drawn = stream.randint(0, drawable.count, plan.batch)
      torch = stream
      return drawn.prefix(images.count).map { drawable[$0] }
    }
    return images.compactMap { plan.label(of: $0) }
  }
}

extension SamplingPlan {
  /// Whether each image's noise comes from a stream of PyTorch's of its own.
  var drawsImagesApart: Bool {
    request.noiseStream == .torch && model.specification.conventions.drawsImagesApart
  }

  /// A network, prepared for the plan's timesteps, noisiest first.
  func prepared(_ network: any DenoisingNetwork) -> any DenoisingNetwork {
    network.prepared(for: (0..<process.count).reversed().map { process.level($0).conditioning })
  }

  /// The network without guidance, to encode or measure inputs as the images `images`.
  ///
  /// - Parameters:
  ///   - images: their indices, which determine their classes.
  ///   - network: prepared for the levels in the order they are visited.
  func denoiser(_ images: Range<Int>, _ network: any DenoisingNetwork) -> Denoiser {
    let labels = model.specification.classCount == nil ? nil : images.map { label(of: $0) }
    return { network($0, NetworkInputs(conditioning: $1, labels: labels)) }
  }
}
