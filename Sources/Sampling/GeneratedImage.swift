import DiffusionFiles
import DiffusionImages
import TensorCore

/// A generated image.
public struct GeneratedImage: Sendable {
  /// Its index: the same model, request and index always give the same image.
  public let index: Int
  /// x₀, `[1, C, H, W]`, nominally in [-1, 1].
  public let x: Tensor
  /// The index of its class; nil if neither the model nor a classifier has classes.
  public let label: Int?
  /// The plan that drew it.
  public let plan: SamplingPlan

  /// Image `n` of a batch.
  public init(_ batch: ImageGenerator.Batch, _ n: Int, of plan: SamplingPlan) {
    index = batch.images[n]
    x = batch.x.rows(n..<n + 1)
    label = batch.labels?[n]
    self.plan = plan
  }

  /// The name of its class, or the index if it has no name; nil without a class.
  public var className: String? { label.map(plan.model.specification.name(ofClass:)) }

  /// Its pixels.
  ///
  /// - Parameter bits: of each sample, 8 or 16.
  /// - Throws: `ImageError.channels` unless there are 1 (grey), 2 (with alpha), 3 (RGB) or 4 (with alpha).
  public func picture(bits: Int = 8) throws(ImageError) -> Picture {
    try Picture(x, 0, bits: bits, rounding: plan.roundsPixels)
  }

  /// The image as PNG bytes, with text chunks recording how it was drawn.
  ///
  /// - Parameters:
  ///   - scale: enlargement of each pixel.
  ///   - bits: of each sample, 8 or 16.
  ///   - metadata: whether to add the text chunks.
  /// - Throws: `ImageError`.
  public func png(scale: Int = 1, bits: Int = 8, metadata: Bool = true) throws(ImageError) -> [UInt8] {
    try picture(bits: bits).enlarged(by: scale).png(
      text: metadata ? plan.textChunks(image: index, label: label, scale: scale, bits: bits) : [])
  }

  /// Writes it as a PNG, atomically.
  ///
  /// - Throws: `SamplingError.image` and `.file`.
  public func writePNG(to path: String, scale: Int = 1, metadata: Bool = true) throws(SamplingError) {
    try inSamplingTerms { try writeAtomically(try png(scale: scale, metadata: metadata), to: path) }
  }
}

/// The images of a request, drawn lazily, batch by batch.
public struct GeneratedImages: Sequence, IteratorProtocol {
  private var steps: SamplingSteps
  private var finished: ArraySlice<GeneratedImage> = []

  init(_ steps: SamplingSteps) { self.steps = steps }

  /// The next image, in index order; nil when all have been drawn.
  public mutating func next() -> GeneratedImage? {
    while finished.isEmpty {
      guard let step = steps.next() else { return nil }
      finished = step.finished[...]
    }
    return finished.removeFirst()
  }
}
