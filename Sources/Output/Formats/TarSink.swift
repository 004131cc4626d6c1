import DiffusionBytes
import DiffusionFiles
import DiffusionImages
import Sampling

/// A tar archive with a PNG per image, written as images are drawn.
public final class TarSink: ContinuedSink {
  /// The entry in `OutputFormat.all`.
  public static let format = OutputFormat(
    name: "tar", endings: [".tar"], help: "x.tar (PNGs)", holds: .archive, goesOn: TarSink.self
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
        let size = TarWriter<AtomicFile>.fileSize(of: name, head: try file.waitingBytes(tarBlock))
      else { break }
      let whole = TarWriter<AtomicFile>.entrySize(size)
      guard whole <= file.waiting, (try? pngText(try file.waitingBytes(size, at: tarBlock))) != nil else { break }
      file.pass(whole)
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

  /// See `ContinuedSink`.
  public static func provenance(ofFinished path: String) throws -> Provenance? {
    let file = try MappedFile(path: path)
    // Whichever image it is.
    guard let head = file.slice(0, tarBlock), let name = file.text(0, tarBlock)?.prefix(while: { $0 != "\0" }),
      let size = TarWriter<AtomicFile>.fileSize(of: String(name), head: head),
      let png = file.slice(tarBlock, size), let chunks = try? pngText([UInt8](png))
    else { return nil }
    return try? Provenance.read(chunks)
  }

  /// See `ContinuedSink`.
  public static func checkFinished(_ setup: SinkSetup) throws -> Bool {
    let path = setup.destination.path
    func refuse(_ differences: [String]) -> OutputError { .drawnOtherwise(path: path, differences: differences) }
    let file = try MappedFile(path: path)
    var place = 0
    for image in setup.plan.indices {
      let name = OutputPattern.inArchive.path(for: image)
      guard let head = file.slice(place, tarBlock), let size = TarWriter<AtomicFile>.fileSize(of: name, head: head)
      else { throw refuse(["\(name) is not there, or not in its place"]) }
      guard let png = file.slice(place + tarBlock, size),
        let differences = setup.differences(ofPNG: [UInt8](png), image: image)
      else { throw refuse(["\(name) is damaged"]) }
      if !differences.isEmpty { throw refuse(differences.map { "\(name): \($0)" }) }
      place += TarWriter<AtomicFile>.entrySize(size)
    }
    guard file.count == place + 2 * tarBlock else { throw refuse(["it holds more images"]) }
    return setup.request.metadata
  }
}
