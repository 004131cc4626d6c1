import DiffusionCore
import Sampling
import TensorCore

/// Draws a plan's images, a batch at a time, each written as it is finished: what a run holds does not grow with the number of its images.
public struct DrawingRun {
  /// What is drawn.
  public let plan: SamplingPlan
  /// Where it goes.
  public private(set) var output: ImageOutput
  private var views: DenoisingFiles?
  /// Images drawn so far.
  public private(set) var drawn = 0
  /// Images that were on disk already and have been kept.
  public private(set) var kept = 0

  /// Looks, before anything is drawn, whether the images can go where they should.
  ///
  /// - Throws: `OutputError`, `ImageError`, `FileError`.
  public init(
    _ plan: SamplingPlan, _ request: OutputRequest, _ program: OutputProgram
  ) throws {
    self.plan = plan
    output = try ImageOutput(plan, request, program)
    views = try DenoisingFiles(plan, request, output)
  }

  /// The files that the run has written, or will: one for each image, or the one of all.
  public var files: [String] {
    guard let pattern = output.destination.pattern else { return [output.destination.path] }
    return plan.indices.map(pattern.path(for:))
  }

  /// Draws all images. What a closure throws ends the run; files that are finished stay.
  ///
  /// - Parameters:
  ///   - onStep: called after each step of a batch of so many images.
  ///   - onKept: called for each image that is kept.
  ///   - onBatch: called with each batch before it is written.
  /// - Throws: `FileError`, `ImageError`, `OutputError`, and what the closures throw.
  public mutating func run(
    onStep: (_ state: SamplerState, _ images: Int) throws -> Void, onKept: () throws -> Void = {},
    onBatch: (ImageGenerator.Batch) throws -> Void = { _ in }
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
      // What is kept for tensors of the whole batches' sizes is of no use to a smaller one.
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
  }
}
