import Sampling

/// A kind of file, or of several, that images are written as. A format is a file in `Formats` and a line in the table here.
public struct OutputFormat: Sendable {
  /// What it is known by.
  public let name: String
  /// What names of its files end in, each with its dot; none of formats that are told by something else than the ending.
  public let endings: [String]
  /// What is typed for it and what comes of it, for the help of `--out`.
  public let help: String
  /// What its file holds.
  public let holds: Contents
  /// What takes the images.
  public let makeSink: @Sendable (SinkSetup) throws -> any ImageSink

  /// What a file, or each of several, holds.
  public enum Contents: Sendable {
    /// One picture, which may be a sheet of all images.
    case picture
    /// A picture for each image, in a file of its own.
    case fileEach
    /// A picture for each image, in one archive.
    case archive
    /// The numbers of all images.
    case arrays
  }

  /// A format; see the properties.
  public init(
    name: String, endings: [String], help: String, holds: Contents,
    makeSink: @escaping @Sendable (SinkSetup) throws -> any ImageSink
  ) {
    (self.name, self.endings, self.help, self.holds, self.makeSink) = (name, endings, help, holds, makeSink)
  }

  /// The table.
  public static let all: [OutputFormat] = [
    PNGSink.format, FileEachSink.format, TarSink.format, NPZSink.format, NPYSink.format,
  ]
}

extension OutputFormat: Equatable {
  /// Formats are told apart by their names.
  public static func == (a: OutputFormat, b: OutputFormat) -> Bool { a.name == b.name }
}

/// Takes images as they are finished, in the order of their indices, and makes a file of them, or several.
public protocol ImageSink: AnyObject {
  /// Takes the next image.
  ///
  /// - Throws: `FileError`, `ImageError`.
  func append(_ image: GeneratedImage) throws

  /// Completes what was begun. What appears under a final name appears whole.
  ///
  /// - Throws: `FileError`, `ImageError`.
  func finish() throws

  /// Whether an image is written already, whole and as it would be drawn now: asked only of a run that is resumed.
  ///
  /// - Throws: `OutputError.drawnOtherwise`, `FileError`.
  func isWritten(_ index: Int) throws -> Bool

  /// The file in which an image is, or will be, where it has one of its own.
  func file(of index: Int) -> String?
}

extension ImageSink {
  /// Images have no files of their own that could be there.
  public func isWritten(_ index: Int) throws -> Bool { false }

  /// All images are in one file.
  public func file(of index: Int) -> String? { nil }
}

/// What a sink is made for.
public struct SinkSetup {
  /// What is drawn.
  public let plan: SamplingPlan
  /// Where it goes.
  public let destination: OutputDestination
  /// What else was asked for.
  public let request: OutputRequest
  /// What else only programs can do.
  public let program: OutputProgram
}
