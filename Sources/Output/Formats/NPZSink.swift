import DiffusionBytes
import DiffusionImages
import Sampling

/// NumPy arrays of pixels and labels, as the original's `image_sample.py` writes them, written as images are drawn.
public final class NPZSink: ContinuedSink {
  /// The entry in `OutputFormat.all`.
  public static let format = OutputFormat(
    name: "npz", endings: [".npz"], help: "x.npz (pixels and labels, as in improved-diffusion)", holds: .arrays,
    goesOn: NPZSink.self
  ) { try NPZSink($0) }

  private let plan: SamplingPlan
  /// How the images are drawn, for the comment of the zip archive, which NumPy passes over.
  private let comment: [UInt8]
  private let archive: NPZWriter
  private var kept: Int
  /// Labels drawn from PyTorch's stream, as they cannot be recomputed from the image indices.
  private var labels: [Int] = []

  init(_ setup: SinkSetup) throws {
    plan = setup.plan
    let record = setup.request.metadata ? Array(try setup.provenance.json().utf8) : []
    // A list of ten thousand classes has no room there.
    comment = record.count <= UInt16.max ? record : []
    archive = try NPZWriter(setup.makeFile(), shape: Self.shape(plan))
    kept = archive.kept
  }

  private static func shape(_ plan: SamplingPlan) -> [Int] {
    [plan.indices.count] + plan.pictureShape.dropFirst() + plan.pictureShape.prefix(1)
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
    guard plan.drawableClasses != nil else { return try archive.finish(labels: nil as [Int]?, comment: comment) }
    if drawsLabels { return try archive.finish(labels: labels, comment: comment) }
    try archive.finish(labels: plan.indices.lazy.map { [plan] in plan.label(of: $0) ?? 0 }, comment: comment)
  }

  /// See `ContinuedSink`.
  public static func provenance(ofFinished path: String) throws -> Provenance? {
    guard let comment = try NPZWriter.comment(ofFinished: path) else { return nil }
    return try? decodeJSON(Provenance.self, from: comment)
  }

  /// See `ContinuedSink`.
  public static func checkFinished(_ setup: SinkSetup) throws -> Bool {
    let (path, shape) = (setup.destination.path, shape(setup.plan))
    var differences: [String] = []
    let found = try provenance(ofFinished: path)
    if let found {
      differences = found.differences(from: setup.provenance)
    } else if setup.request.metadata {
      differences = ["it does not say how"]
    }
    if differences.isEmpty, try !NPZWriter.isFinished(path, shape: shape) {
      differences = ["it holds no arr_0 of shape \(shape)"]
    }
    if !differences.isEmpty { throw OutputError.drawnOtherwise(path: path, differences: differences) }
    return found != nil
  }
}
