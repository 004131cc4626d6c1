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
  /// Whether a file of several images is written by `SinkSetup.makeFile`, and goes on after an interruption.
  public let goesOn: Bool
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
    name: String, endings: [String], help: String, holds: Contents, goesOn: Bool = false,
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

  /// The file of all images.
  ///
  /// - Throws: `FileError`.
  public func makeFile() throws(FileError) -> AtomicFile {
    if let file { return file }
    return try AtomicFile(path: destination.path)
  }
}
