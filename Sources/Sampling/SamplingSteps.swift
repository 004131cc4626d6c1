import DiffusionCore
import TensorCore

/// One step of a batch.
public struct SamplingStep: Sendable {
  /// The indices of the batch's images.
  public let images: [Int]
  /// Which step of the batch this was, from 1.
  public let number: Int
  /// Steps per batch.
  public let count: Int
  /// x after the step, `[N, C, H, W]`; after the last step, the result. Latents, if the model draws those
  /// (`DiffusionModel.pictures(of:)` decodes them).
  public let x: Tensor
  /// x̂₀, the model's current prediction of the result, `[N, C, H, W]`.
  public let predicted: Tensor
  /// The batch's images after its last step; empty before.
  public let finished: [GeneratedImage]
}

/// The steps of all batches of a request, taken lazily: use them for progress or previews, and leave the loop to stop.
///
///     for step in try model.steps(for: request) {
///       print("\(step.number) of \(step.count)")
///       for image in step.finished { try image.writePNG(to: "\(image.index).png") }
///       if Task.isCancelled { break }
///     }
public struct SamplingSteps: Sequence, IteratorProtocol {
  /// The plan being drawn.
  public let plan: SamplingPlan
  private var generator: ImageGenerator
  private var drawing: ImageGenerator.Drawing?
  private var position = 0

  /// Creates the sequence; nothing is drawn yet.
  public init(_ plan: SamplingPlan) {
    self.plan = plan
    generator = ImageGenerator(plan)
  }

  /// Takes the next step; nil when all images have been drawn.
  public mutating func next() -> SamplingStep? {
    if drawing == nil {
      guard position < plan.indices.count else { return nil }
      let end = Swift.min(position + plan.batch, plan.indices.count)
      drawing = generator.start(Array(plan.indices[position..<end]))
      position = end
    }
    guard var current = drawing, let state = current.next() else { return nil }
    let isLast = state.step == state.steps
    drawing = isLast ? nil : current
    var finished: [GeneratedImage] = []
    if isLast {
      let batch = generator.finish(current)
      finished = batch.images.indices.map { GeneratedImage(batch, $0, of: plan) }
    }
    return SamplingStep(
      images: current.images, number: state.step, count: state.steps, x: state.x, predicted: state.predXStart,
      finished: finished)
  }
}

extension DiffusionModel {
  /// Resolves everything that is decided before the first step.
  ///
  /// - Parameters:
  ///   - request: what to draw.
  ///   - samplers: the samplers to choose from.
  /// - Throws: `SamplingError` if it cannot be drawn.
  public func plan(
    for request: SamplingRequest, samplers: [SamplerInfo] = SamplerInfo.all
  ) throws(SamplingError) -> SamplingPlan {
    if let problem = request.problem(among: samplers) { throw .request(problem) }
    switch request.source {
    case .noise: return try SamplingPlan(request, self, samplers: samplers)
    case .reconstruction(let files):
      let given = try InputImages(files, for: self)
      var plan = try SamplingPlan(request, self, reconstructing: given)
      plan.findNoise(of: given) { _, _ in }
      return plan
    case .interpolation(let ends, let frames):
      var interpolation = try Interpolation(request, ends, frames: frames, self)
      interpolation.findNoise { _, _ in }
      return interpolation.plan
    }
  }

  /// The steps of drawing `request`, taken lazily.
  ///
  /// - Throws: `SamplingError` if it cannot be drawn, before anything is.
  public func steps(for request: SamplingRequest) throws(SamplingError) -> SamplingSteps {
    SamplingSteps(try plan(for: request))
  }

  /// The images, drawn lazily, batch by batch.
  ///
  /// - Throws: `SamplingError` if it cannot be drawn, before anything is.
  public func images(for request: SamplingRequest) throws(SamplingError) -> GeneratedImages {
    GeneratedImages(try steps(for: request))
  }
}
