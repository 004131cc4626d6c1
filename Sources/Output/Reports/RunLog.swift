import DiffusionBytes
import DiffusionFiles

/// A file to which a line of JSON is added for each image that is written, so that it can be followed while the run goes on, and grows
/// over resumptions.
public final class RunLog {
  /// A line: one image.
  public struct Line: Encodable {
    /// Where it is.
    public let file: String
    /// Its index.
    public let image: Int
    /// The run's seed.
    public let seed: UInt64
    /// The index of its class.
    public let label: Int?
    /// Its part of the time that its batch took.
    public let seconds: Double

    enum CodingKeys: String, CodingKey {
      case file, image, seed, seconds
      case label = "class"
    }
  }

  private let file: AppendedFile

  /// Opens the file, behind what is in it already.
  ///
  /// - Throws: `FileError`.
  public init(path: String) throws {
    file = try AppendedFile(path: path)
  }

  /// Adds a line, in one piece.
  ///
  /// - Throws: `FileError`.
  public func add(_ line: Line) throws {
    try file.append(Array((try encodeJSON(line) + "\n").utf8))
  }
}
