import Images

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

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
  private let encoder = JSONEncoder()

  /// Opens the file, behind what is in it already.
  ///
  /// - Throws: `ImageError`.
  init(path: String) throws {
    file = try AppendedFile(path: path)
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  /// Adds a line, in one piece.
  ///
  /// - Throws: `ImageError`.
  func add(_ line: Line) throws {
    try file.append([UInt8](try encoder.encode(line)) + [UInt8(ascii: "\n")])
  }
}
