import DiffusionCore
import Sampling
import TensorCore

/// Draws a plan's images batch by batch and writes each batch when it is finished, so memory does not grow with the
/// number of images.
public struct DrawingRun {
  /// The plan being drawn.
  public let plan: SamplingPlan
  /// Where it goes.
  public private(set) var output: ImageOutput
  private var views: DenoisingFiles?
  /// Images drawn so far.
  public private(set) var drawn = 0
  /// Those of them with values that are no numbers: black where a picture should be.
  public private(set) var notFinite = 0
  /// One sentence on images that are none, and why; nil if there are no such.
  public var warning: String? {
    if notFinite == 0 { return nil }
    let cause =
      plan.model.damagedTensor.map { "tensor \($0) of \(plan.model.name) has such values; copy or download it again" }
      ?? "the steps are too large for this sampler; type more --steps"
    return "\(notFinite) of \(drawn) images have values that are no numbers (NaN or infinite): \(cause)"
  }
  /// Images that were already on disk and kept.
  public private(set) var kept = 0

  /// Checks, before anything is drawn, that the images can be written where they should go.
  ///
  /// - Parameters:
  ///   - plan: the images to draw.
  ///   - request: where they go.
  ///   - program: services that outputs need of it.
  ///   - reading: files that the command reads besides those of the plan.
  /// - Throws: `OutputError`, `ImageError`, `FileError`.
  public init(
    _ plan: SamplingPlan, _ request: OutputRequest, _ program: OutputProgram,
    reading: [(option: String, path: String)] = []
  ) throws {
    self.plan = plan
    output = try ImageOutput(plan, request, program, reading: reading)
    views = try DenoisingFiles(plan, request, output)
  }

  /// The files of the run, written or still to be written: one per image, or a single one.
  public var files: [String] {
    guard !plan.indices.isEmpty else { return [] }
    guard let pattern = output.destination.pattern else { return [output.destination.path] }
    return plan.indices.map(pattern.path(for:))
  }

  /// Draws all images. An error from a closure ends the run; finished files stay.
  ///
  /// - Parameters:
  ///   - onStep: called after each step with the number of images in the batch.
  ///   - onKept: called for each image that is kept.
  ///   - onBatch: called with each batch before it is written.
  /// - Throws: `FileError`, `ImageError`, `OutputError`, and errors from the closures.
  public mutating func run(
    onStep: (_ state: SamplerState, _ images: Int) throws -> Void, onKept: () throws -> Void = {},
    onBatch: (ImageGenerator.Batch) throws -> Void = { _ in }
  ) throws {
    // A shard may have no image of a short run.
    guard !plan.indices.isEmpty else { return }
    do { try drawAll(onStep, onKept, onBatch) } catch {
      output.abandon(images: kept + drawn)
      throw error
    }
  }

  private mutating func drawAll(
    _ onStep: (_ state: SamplerState, _ images: Int) throws -> Void, _ onKept: () throws -> Void,
    _ onBatch: (ImageGenerator.Batch) throws -> Void
  ) throws {
    try output.open()
    var generator = ImageGenerator(plan)
    var waiting: [Int] = []
    for image in plan.indices {
      if try output.isWritten(image) {
        kept += 1
        try onKept()
        continue
      }
      waiting.append(image)
      if waiting.count == plan.batch {
        try draw(waiting, &generator, onStep, onBatch)
        waiting = []
      }
    }
    if !waiting.isEmpty {
      // Cached tensors of full batches are useless for the smaller last one.
      if drawn > 0 { Tensor.releaseMemory() }
      try draw(waiting, &generator, onStep, onBatch)
    }
    try views?.write(output)
    try output.finish()
    try views?.finish()
  }

  private mutating func draw(
    _ images: [Int], _ generator: inout ImageGenerator,
    _ onStep: (_ state: SamplerState, _ images: Int) throws -> Void, _ onBatch: (ImageGenerator.Batch) throws -> Void
  ) throws {
    let begin = ContinuousClock.now
    let batch = try generator.draw(images) { state in
      try views?.add(state)
      try onStep(state, images.count)
    }
    try onBatch(batch)
    try output.append(batch, time: ContinuousClock.now - begin)
    drawn += images.count
    for n in images.indices where !batch.x.rows(n..<n + 1).values.allSatisfy(\.isFinite) { notFinite += 1 }
  }
}
