import DiffusionFiles
import DiffusionImages
import TensorCore

/// An image that has been drawn.
public struct GeneratedImage: Sendable {
  /// Its number: with the same model and request, the same number is the same image.
  public let index: Int
  /// x₀, `[1, C, H, W]`, in [-1, 1] as far as the model keeps to it.
  public let x: Tensor
  /// The index of its class, of a class-conditional model.
  public let label: Int?
  /// What drew it.
  public let plan: SamplingPlan

  /// Image `n` of a batch.
  public init(_ batch: ImageGenerator.Batch, _ n: Int, of plan: SamplingPlan) {
    index = batch.images[n]
    x = batch.x.rows(n..<n + 1)
    label = batch.labels?[n]
    self.plan = plan
  }

  /// The name of its class, or its number; nil of a model without classes.
  public var className: String? { label.map(plan.model.specification.name(ofClass:)) }

  /// Its pixels.
  ///
  /// - Throws: `ImageError.channels` unless there are 1 (grey) or 3 (RGB).
  public func picture() throws(ImageError) -> Picture { try Picture(x, 0) }

  /// The bytes of a PNG, which says in its text chunks how it was drawn.
  ///
  /// - Parameters:
  ///   - scale: how many times each pixel is enlarged.
  ///   - metadata: whether it says how it was drawn.
  /// - Throws: `ImageError`.
  public func png(scale: Int = 1, metadata: Bool = true) throws(ImageError) -> [UInt8] {
    try picture().enlarged(by: scale).png(
      text: metadata ? plan.textChunks(image: index, label: label, scale: scale) : [])
  }

  /// Writes it as a PNG, which appears whole or not at all.
  ///
  /// - Throws: `SamplingError.image` and `.file`.
  public func writePNG(to path: String, scale: Int = 1, metadata: Bool = true) throws(SamplingError) {
    try inSamplingTerms { try writeAtomically(try png(scale: scale, metadata: metadata), to: path) }
  }
}

/// The images of a request, drawn batch by batch as they are asked for.
public struct GeneratedImages: Sequence, IteratorProtocol {
  private var steps: SamplingSteps
  private var finished: ArraySlice<GeneratedImage> = []

  init(_ steps: SamplingSteps) { self.steps = steps }

  /// The next image, in the order of their indices; nil when all have been drawn.
  public mutating func next() -> GeneratedImage? {
    while finished.isEmpty {
      guard let step = steps.next() else { return nil }
      finished = step.finished[...]
    }
    return finished.removeFirst()
  }
}
