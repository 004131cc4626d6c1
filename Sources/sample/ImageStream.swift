import DiffusionBytes
import DiffusionCommandLine
import DiffusionFiles
import DiffusionImages

/// An archive that grows while images are drawn, and appears under its name when all are there.
final class ImageStream {
  private enum Archive {
    case npy(NPYWriter)
    case npz(NPZWriter)
    case tar(TarWriter<AtomicFile>, AtomicFile)
  }

  private let plan: Plan
  private let archive: Archive
  /// Classes that cannot be told from the images' numbers: those drawn from PyTorch's stream.
  private var labels: [Int] = []

  /// Nil where images do not go into an archive.
  ///
  /// - Throws: `ImageError`.
  init?(_ plan: Plan, _ output: OutputDestination) throws {
    self.plan = plan
    let (count, shape) = (plan.numbers.count, plan.imageShape)
    switch output {
    case .npy(let path): archive = .npy(try NPYWriter(path: path, shape: [count] + shape))
    case .npz(let path):
      archive = .npz(try NPZWriter(path: path, shape: [count, shape[1], shape[2], shape[0]]))
    case .tar(let path):
      let file = try AtomicFile(path: path)
      archive = .tar(TarWriter(file), file)
    default: return nil
    }
  }

  /// Adds image `n` of a batch; `png` makes it one, for an archive of those.
  ///
  /// - Throws: `ImageError`.
  func add(_ batch: Drawing.Batch, _ n: Int, png: () throws -> [UInt8]) throws {
    switch archive {
    case .npy(let stream): try stream.append(batch.x.rows(n..<n + 1))
    case .npz(let stream):
      try stream.append(uint8Pixels(batch.x.rows(n..<n + 1)))
      if plan.options.rng == .torch, let label = batch.labels?[n] { labels.append(label) }
    case .tar(let stream, _): try stream.append(OutputPattern.inArchive.path(for: batch.images[n]), try png())
    }
  }

  /// Completes the archive.
  ///
  /// - Throws: `ImageError`.
  func finish() throws {
    switch archive {
    case .npy(let stream): try stream.finish()
    case .npz(let stream):
      guard plan.drawableClasses != nil else { return try stream.finish(labels: nil as [Int]?) }
      if plan.options.rng == .torch { return try stream.finish(labels: labels) }
      try stream.finish(labels: plan.numbers.lazy.map { [plan] in plan.label(of: $0) ?? 0 })
    case .tar(let stream, let file):
      try stream.finish()
      try file.finish()
    }
  }
}
