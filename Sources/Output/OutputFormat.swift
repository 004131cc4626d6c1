import DiffusionFiles
import Sampling

/// A file format for images. To add one, write a file in `Formats` and add it to `all`.
public struct OutputFormat: Sendable {
  /// A unique name.
  public let name: String
  /// File name endings, each with its dot; empty if the format is not recognised by its ending.
  public let endings: [String]
  /// What to type and what it produces, for the help of `--out`.
  public let help: String
  /// What a file of this format holds.
  public let holds: Contents
  /// The sink, if it writes several images to one file of `SinkSetup.makeFile`, which goes on after an interruption.
  public let goesOn: (any ContinuedSink.Type)?
  /// Creates a sink for the images.
  public let makeSink: @Sendable (SinkSetup) throws -> any ImageSink

  /// The contents of a file.
  public enum Contents: Sendable {
    /// One image, or a sheet of all.
    case picture
    /// One image each, in separate files.
    case fileEach
    /// One image file per image, in a single archive.
    case archive
    /// The values of all images.
    case arrays
  }

  /// A format; see the properties.
  public init(
    name: String, endings: [String], help: String, holds: Contents, goesOn: (any ContinuedSink.Type)? = nil,
    makeSink: @escaping @Sendable (SinkSetup) throws -> any ImageSink
  ) {
    (self.name, self.endings, self.help, self.holds, self.makeSink) = (name, endings, help, holds, makeSink)
    self.goesOn = goesOn
  }

  /// All formats.
  public static let all: [OutputFormat] = [
    PNGSink.format, FileEachSink.format, TarSink.format, NPZSink.format, NPYSink.format,
  ]
}

extension OutputFormat: Equatable {
  /// Formats are compared by name.
  public static func == (a: OutputFormat, b: OutputFormat) -> Bool { a.name == b.name }
}

/// Takes finished images in index order and writes them to one or more files.
public protocol ImageSink: AnyObject {
  /// Takes the next image.
  ///
  /// - Throws: `FileError`, `ImageError`.
  func append(_ image: GeneratedImage) throws

  /// Completes the output. Files get their final names only when they are complete.
  ///
  /// - Throws: `FileError`, `ImageError`.
  func finish() throws

  /// Whether an image is already on disk, intact and as it would be drawn now. Only asked when resuming, for each image
  /// in order.
  ///
  /// - Throws: `OutputError.drawnOtherwise`, `FileError`.
  func isWritten(_ index: Int) throws -> Bool

  /// The file of an image, written or not; nil if images share a file.
  func file(of index: Int) -> String?
}

/// A sink of several images in one file, which goes on after an interruption. If the file is complete, nothing is left
/// to be drawn.
public protocol ContinuedSink: ImageSink, SendableMetatype {
  /// What a complete file says of how its images, or the first of them, were drawn; nil if it does not say.
  ///
  /// - Throws: `FileError`.
  static func provenance(ofFinished path: String) throws -> Provenance?

  /// Checks that a complete file holds what would be drawn now.
  ///
  /// - Returns: whether the file says how it was drawn; if it does not, only its shape can be compared.
  /// - Throws: `OutputError.drawnOtherwise`, `FileError`.
  static func checkFinished(_ setup: SinkSetup) throws -> Bool
}

extension ImageSink {
  /// By default images share a file, so none is there yet.
  public func isWritten(_ index: Int) throws -> Bool { false }

  /// By default images share a file.
  public func file(of index: Int) -> String? { nil }
}

/// What a sink is created from.
public struct SinkSetup {
  /// The plan being drawn.
  public let plan: SamplingPlan
  /// Where it goes.
  public let destination: OutputDestination
  /// The other output options.
  public let request: OutputRequest
  /// Services of the program.
  public let program: OutputProgram
  /// The file of all images, if it stays when it is not finished, to be gone on with.
  let file: AtomicFile?

  /// How all images are drawn, for a file that holds them.
  var provenance: Provenance {
    Provenance(plan, image: nil, label: nil, scale: request.scale, bits: request.bits)
  }

  /// The file of all images.
  ///
  /// - Throws: `FileError`.
  public func makeFile() throws(FileError) -> AtomicFile {
    if let file { return file }
    return try AtomicFile(path: destination.path)
  }
}
