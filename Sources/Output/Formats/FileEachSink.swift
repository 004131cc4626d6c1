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
    // Truncated or damaged files are drawn again.
    guard let differences = setup.differences(ofPNG: try readFile(path), image: index) else { return false }
    if !differences.isEmpty { throw OutputError.drawnOtherwise(path: path, differences: differences) }
    return true
  }
}

extension SinkSetup {
  /// How a PNG differs from that of `image` as it would be drawn now; nil if it is truncated or damaged.
  func differences(ofPNG bytes: [UInt8], image: Int) -> [String]? {
    // Reads to the end.
    guard let chunks = try? pngText(bytes) else { return nil }
    if let found = try? Provenance.read(chunks) {
      let expected = Provenance(
        plan, image: image, label: plan.label(of: image), scale: request.scale, bits: request.bits)
      return found.differences(from: expected, reading: program.earlierRequest)
    }
    guard !request.metadata else { return ["it does not say how"] }
    guard let picture = try? Picture(exactly: bytes) else { return nil }
    let (width, height) = (plan.pictureShape[2] * request.scale, plan.pictureShape[1] * request.scale)
    if (picture.width, picture.height) == (width, height) { return [] }
    return ["\(picture.width)×\(picture.height) pixels there, \(width)×\(height) here"]
  }
}
