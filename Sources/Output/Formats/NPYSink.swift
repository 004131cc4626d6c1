import DiffusionImages
import Sampling

/// A NumPy array of the sampler's raw output, written as images are drawn.
public final class NPYSink: ImageSink {
  /// The entry in `OutputFormat.all`.
  public static let format = OutputFormat(
    name: "npy", endings: [".npy"], help: "x.npy (float32 [N,C,H,W])", holds: .arrays, goesOn: true
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
}
