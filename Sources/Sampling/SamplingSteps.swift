import DiffusionCore
import TensorCore

/// A step of the drawing of a batch.
public struct SamplingStep: Sendable {
  /// The indices of the images of the batch.
  public let images: [Int]
  /// The steps of the batch done so far, from 1.
  public let number: Int
  /// The steps of a batch.
  public let count: Int
  /// The pictures as they are after the step, `[N, C, H, W]`; after the last step, the result.
  public let x: Tensor
  /// x̂₀: what the model expects the pictures to become, `[N, C, H, W]`.
  public let predicted: Tensor
  /// The images of the batch, after its last step; none before.
  public let finished: [GeneratedImage]
}

/// The steps of all batches of a request, each taken as it is asked for: for progress, previews, and to stop by leaving the loop.
///
///     for step in try model.steps(for: request) {
///       print("\(step.number) of \(step.count)")
///       for image in step.finished { try image.writePNG(to: "\(image.index).png") }
///       if Task.isCancelled { break }
///     }
public struct SamplingSteps: Sequence, IteratorProtocol {
  /// What is drawn.
  public let plan: SamplingPlan
  private var generator: ImageGenerator
  private var drawing: ImageGenerator.Drawing?
  private var position = 0

  /// Nothing is drawn yet.
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
  /// All that is decided before the first step.
  ///
  /// - Parameters:
  ///   - request: what is asked for.
  ///   - samplers: the samplers that there are.
  /// - Throws: `SamplingError` for what cannot be drawn.
  public func plan(
    for request: SamplingRequest, samplers: [SamplerInfo] = SamplerInfo.all
  ) throws(SamplingError) -> SamplingPlan {
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

  /// The steps of the drawing, each taken as it is asked for.
  ///
  /// - Throws: `SamplingError` for what cannot be drawn, before anything is.
  public func steps(for request: SamplingRequest) throws(SamplingError) -> SamplingSteps {
    SamplingSteps(try plan(for: request))
  }

  /// The images, drawn as they are asked for, batch by batch.
  ///
  /// - Throws: `SamplingError` for what cannot be drawn, before anything is.
  public func images(for request: SamplingRequest) throws(SamplingError) -> GeneratedImages {
    GeneratedImages(try steps(for: request))
  }
}
