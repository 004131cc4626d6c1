import DiffusionImages
import Foundation

/// A folder for one test, which goes away with it.
public final class TemporaryFolder {
  /// Where it is.
  public let path: String

  /// Makes the folder.
  public init() throws {
    path = NSTemporaryDirectory() + "folder-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, and the folders on the way to it.
  @discardableResult public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file.path
  }

  /// Writes a picture of one colour.
  @discardableResult public func png(_ name: String, _ colour: [UInt8], side: Int = 2) throws -> String {
    let pixels = (0..<side * side).flatMap { _ in colour }
    return try write(
      name, try Picture(width: side, height: side, channels: colour.count, pixels: pixels).png())
  }
}
