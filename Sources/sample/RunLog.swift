import Console

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

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

  private let path: String
  private let descriptor: Int32
  private let encoder = JSONEncoder()

  /// Opens the file, behind what is in it already.
  ///
  /// - Throws: `SettingsError`.
  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw SettingsError("--log: \(path) cannot be written: \(String(cString: strerror(errno)))")
    }
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  deinit { close(descriptor) }

  /// Adds a line, in one piece.
  ///
  /// - Throws: `SettingsError`.
  func add(_ line: Line) throws {
    let bytes = [UInt8](try encoder.encode(line)) + [UInt8(ascii: "\n")]
    guard bytes.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == bytes.count else {
      throw SettingsError("--log: \(path) cannot be written: \(String(cString: strerror(errno)))")
    }
  }
}
