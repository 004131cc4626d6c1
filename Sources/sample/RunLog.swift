import DiffusionBytes
import DiffusionFiles

/// A file to which a line of JSON is added for each image that is written, so that it can be followed while the run goes on, and grows
/// over resumptions.
final class RunLog {
  struct Line: Encodable {
    let file: String
    let image: Int
    let seed: UInt64
    let label: Int?
    /// The image's share of the time that its batch took.
    let seconds: Double

    enum CodingKeys: String, CodingKey {
      case file, image, seed, seconds
      case label = "class"
    }
  }

  private let file: AppendedFile

  /// Opens the file, behind what is in it already.
  ///
  /// - Throws: `ImageError`.
  init(path: String) throws {
    file = try AppendedFile(path: path)
  }

  /// Adds a line, in one piece.
  ///
  /// - Throws: `ImageError`.
  func add(_ line: Line) throws {
    try file.append(Array((try encodeJSON(line) + "\n").utf8))
  }
}
