import DiffusionFiles
import DiffusionImages
import Sampling

/// A PNG per image, named by its index.
public final class FileEachSink: ImageSink {
  /// The entry in `OutputFormat.all`.
  public static let format = OutputFormat(
    name: "files", endings: [], help: "'img-%05d.png' or a folder, for one file per image", holds: .fileEach
  ) { try FileEachSink($0) }

  private let setup: SinkSetup
  private let pattern: OutputPattern

  init(_ setup: SinkSetup) throws(OutputError) {
    self.setup = setup
    pattern = try setup.destination.isFolder ? .inFolder(setup.destination.path) : OutputPattern(setup.destination.path)
  }

  /// See `ImageSink`.
  public func append(_ image: GeneratedImage) throws {
    try writeAtomically(
      try image.png(scale: setup.request.scale, metadata: setup.request.metadata), to: pattern.path(for: image.index))
  }

  /// See `ImageSink`.
  public func finish() throws {}

  /// See `ImageSink`.
  public func file(of index: Int) -> String? { pattern.path(for: index) }

  /// See `ImageSink`.
  public func isWritten(_ index: Int) throws -> Bool {
    let path = pattern.path(for: index)
    guard try kind(ofPath: path) == .file else { return false }
    let bytes = try readFile(path)
    // Reads to the end: truncated or damaged files are drawn again.
    guard let chunks = try? pngText(bytes) else { return false }
    let (plan, scale) = (setup.plan, setup.request.scale)
    let isSame: Bool
    if let found = try? Provenance.read(chunks) {
      let expected = Provenance(plan, image: index, label: plan.label(of: index), scale: scale)
      isSame = found.isSameDrawing(as: expected, reading: setup.program.earlierRequest)
    } else if !setup.request.metadata {
      guard let picture = try? Picture(png: bytes) else { return false }
      isSame = picture.width == plan.pictureShape[2] * scale && picture.height == plan.pictureShape[1] * scale
    } else {
      isSame = false
    }
    guard isSame else { throw OutputError.drawnOtherwise(path: path) }
    return true
  }
}
