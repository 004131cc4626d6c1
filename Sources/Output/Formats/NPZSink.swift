import DiffusionImages
import Sampling

/// NumPy arrays of pixels and labels, as the original's `image_sample.py` writes them, written as images are drawn.
public final class NPZSink: ImageSink {
  /// The entry in `OutputFormat.all`.
  public static let format = OutputFormat(
    name: "npz", endings: [".npz"], help: "x.npz (pixels and labels, as in improved-diffusion)", holds: .arrays,
    goesOn: true
  ) { try NPZSink($0) }

  private let plan: SamplingPlan
  private let archive: NPZWriter
  private var kept: Int
  /// Labels drawn from PyTorch's stream, as they cannot be recomputed from the image indices.
  private var labels: [Int] = []

  init(_ setup: SinkSetup) throws {
    plan = setup.plan
    let shape = plan.pictureShape
    archive = try NPZWriter(setup.makeFile(), shape: [plan.indices.count, shape[1], shape[2], shape[0]])
    kept = archive.kept
  }

  private var drawsLabels: Bool { plan.request.noiseStream == .torch }

  /// See `ImageSink`.
  public func append(_ image: GeneratedImage) throws {
    try archive.append(uint8Pixels(image.x, rounding: plan.roundsPixels))
    if drawsLabels, let label = image.label { labels.append(label) }
  }

  /// See `ImageSink`.
  public func isWritten(_ index: Int) -> Bool {
    kept -= 1
    return kept >= 0
  }

  /// See `ImageSink`.
  public func finish() throws {
    guard plan.drawableClasses != nil else { return try archive.finish(labels: nil as [Int]?) }
    if drawsLabels { return try archive.finish(labels: labels) }
    try archive.finish(labels: plan.indices.lazy.map { [plan] in plan.label(of: $0) ?? 0 })
  }
}
