import DiffusionBytes
import DiffusionFiles
import Sampling

/// A tar archive with a PNG per image, written as images are drawn.
public final class TarSink: ImageSink {
  /// The entry in `OutputFormat.all`.
  public static let format = OutputFormat(
    name: "tar", endings: [".tar"], help: "x.tar (PNGs)", holds: .archive
  ) { try TarSink($0) }

  private let setup: SinkSetup
  private let file: AtomicFile
  private let archive: TarWriter<AtomicFile>

  init(_ setup: SinkSetup) throws(FileError) {
    self.setup = setup
    file = try AtomicFile(path: setup.destination.path)
    archive = TarWriter(file)
  }

  /// See `ImageSink`.
  public func append(_ image: GeneratedImage) throws {
    try archive.append(
      OutputPattern.inArchive.path(for: image.index),
      try image.png(scale: setup.request.scale, metadata: setup.request.metadata))
  }

  /// See `ImageSink`.
  public func finish() throws {
    try archive.finish()
    try file.finish()
  }
}
