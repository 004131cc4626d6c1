import DiffusionImages
import Sampling

/// A NumPy array of the sampler's raw output, written as images are drawn.
public final class NPYSink: ImageSink {
  /// The entry in `OutputFormat.all`.
  public static let format = OutputFormat(
    name: "npy", endings: [".npy"], help: "x.npy (float32 [N,C,H,W])", holds: .arrays
  ) { try NPYSink($0) }

  private let array: NPYWriter

  init(_ setup: SinkSetup) throws {
    array = try NPYWriter(
      path: setup.destination.path, shape: [setup.plan.indices.count] + setup.plan.pictureShape)
  }

  /// See `ImageSink`.
  public func append(_ image: GeneratedImage) throws { try array.append(image.x) }

  /// See `ImageSink`.
  public func finish() throws { try array.finish() }
}
