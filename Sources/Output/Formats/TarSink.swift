import DiffusionBytes
import DiffusionFiles
import Sampling

/// A tar archive with a PNG per image, written as images are drawn.
public final class TarSink: ImageSink {
  /// The entry in `OutputFormat.all`.
  public static let format = OutputFormat(
    name: "tar", endings: [".tar"], help: "x.tar (PNGs)", holds: .archive, goesOn: true
  ) { try TarSink($0) }

  private let setup: SinkSetup
  private let file: AtomicFile
  private let archive: TarWriter<AtomicFile>
  private var kept = 0

  init(_ setup: SinkSetup) throws(FileError) {
    self.setup = setup
    file = try setup.makeFile()
    archive = TarWriter(file)
    // Files that an earlier run has written whole.
    for image in setup.plan.indices {
      let name = OutputPattern.inArchive.path(for: image)
      guard file.waiting >= tarBlock,
        let size = TarWriter<AtomicFile>.entrySize(of: name, head: try file.waitingBytes(tarBlock)),
        size <= file.waiting
      else { break }
      file.pass(size)
      kept += 1
    }
    if file.waiting > 0 { try file.dropWaiting() }
  }

  /// See `ImageSink`.
  public func append(_ image: GeneratedImage) throws {
    try archive.append(
      OutputPattern.inArchive.path(for: image.index),
      try image.png(scale: setup.request.scale, bits: setup.request.bits, metadata: setup.request.metadata))
  }

  /// See `ImageSink`.
  public func isWritten(_ index: Int) -> Bool {
    kept -= 1
    return kept >= 0
  }

  /// See `ImageSink`.
  public func finish() throws {
    try archive.finish()
    try file.finish()
  }
}
