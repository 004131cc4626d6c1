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
    let path = pattern.path(for: image.index)
    // The number may be in the folder's name.
    if pattern.folder == nil { try makeFolders(folderAndName(path).folder) }
    try writeAtomically(
      try image.png(scale: setup.request.scale, bits: setup.request.bits, metadata: setup.request.metadata), to: path)
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
    var differences: [String] = []
    if let found = try? Provenance.read(chunks) {
      let expected = Provenance(
        plan, image: index, label: plan.label(of: index), scale: scale, bits: setup.request.bits)
      differences = found.differences(from: expected, reading: setup.program.earlierRequest)
    } else if !setup.request.metadata {
      guard let picture = try? Picture(exactly: bytes) else { return false }
      let (width, height) = (plan.pictureShape[2] * scale, plan.pictureShape[1] * scale)
      if (picture.width, picture.height) != (width, height) {
        differences = ["\(picture.width)×\(picture.height) pixels there, \(width)×\(height) here"]
      }
    } else {
      differences = ["it does not say how"]
    }
    if !differences.isEmpty { throw OutputError.drawnOtherwise(path: path, differences: differences) }
    return true
  }
}
