import DiffusionImages
import Sampling

/// A NumPy array of the sampler's raw output, written as images are drawn.
public final class NPYSink: ContinuedSink {
  /// The entry in `OutputFormat.all`.
  public static let format = OutputFormat(
    name: "npy", endings: [".npy"], help: "x.npy (float32 [N,C,H,W])", holds: .arrays, goesOn: NPYSink.self
  ) { try NPYSink($0) }

  private let array: NPYWriter
  private var kept: Int

  init(_ setup: SinkSetup) throws {
    array = try NPYWriter(setup.makeFile(), shape: [setup.plan.indices.count] + setup.plan.pictureShape)
    kept = array.kept
  }

  /// See `ImageSink`.
  public func append(_ image: GeneratedImage) throws { try array.append(image.x) }

  /// See `ImageSink`.
  public func isWritten(_ index: Int) -> Bool {
    kept -= 1
    return kept >= 0
  }

  /// See `ImageSink`.
  public func finish() throws { try array.finish() }

  /// See `ContinuedSink`. The format has no place for it.
  public static func provenance(ofFinished path: String) -> Provenance? { nil }

  /// See `ContinuedSink`.
  public static func checkFinished(_ setup: SinkSetup) throws -> Bool {
    let shape = [setup.plan.indices.count] + setup.plan.pictureShape
    guard try NPYWriter.isFinished(setup.destination.path, shape: shape) else {
      throw OutputError.drawnOtherwise(path: setup.destination.path, differences: ["it is no array of shape \(shape)"])
    }
    return false
  }
}
