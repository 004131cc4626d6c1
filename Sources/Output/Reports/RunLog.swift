import DiffusionBytes
import DiffusionFiles

/// Appends a line of JSON for each image written. It can be followed during the run, and resumed runs append to it.
public final class RunLog {
  /// One line, for one image.
  public struct Line: Codable {
    /// The file it is in.
    public let file: String
    /// Its index.
    public let image: Int
    /// The run's seed.
    public let seed: UInt64
    /// The index of its class.
    public let label: Int?
    /// Its share of the time its batch took.
    public let seconds: Double

    enum CodingKeys: String, CodingKey {
      case file, image, seed, seconds
      case label = "class"
    }
  }

  /// Whether a file is such a log, or empty.
  static func isLog(_ path: String) -> Bool {
    do {
      guard let line = try LineReader(path: path).next() else { return true }
      _ = try decodeJSON(Line.self, from: line)
      return true
    } catch { return false }
  }

  private let append: ([UInt8]) throws -> Void

  /// Opens the file for appending.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - replacing: whether to empty it first.
  /// - Throws: `FileError`.
  public init(path: String, replacing: Bool = false) throws {
    let file = try AppendedFile(path: path, replacing: replacing)
    append = { try file.append($0) }
  }

  /// Lines go to a function.
  public init(_ append: @escaping ([UInt8]) throws -> Void) { self.append = append }

  /// Appends a line in a single write.
  ///
  /// - Throws: `FileError`.
  public func add(_ line: Line) throws {
    try append(Array((try encodeJSON(line) + "\n").utf8))
  }
}
