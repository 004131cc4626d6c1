import Checkpoint
import Console
import Images

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `run.json`: what a run was begun with.
struct RunRecord: Codable {
  /// That of the program.
  let version: String
  /// The words of the command line, `--out` and its value among them.
  let arguments: [String]
  /// What all of them came to, defaults included.
  let settings: [String: String]

  private static func path(_ folder: String) -> String { "\(folder)/run.json" }

  /// - Throws: `ImageError`, or a `SettingsError` for a file that is no record.
  static func read(from folder: String) throws -> RunRecord {
    let bytes = try readFile(path(folder))
    do { return try decodeJSON(RunRecord.self, from: bytes) } catch {
      throw SettingsError("\(path(folder)): is not what train has written; begin anew with --data and --out")
    }
  }

  /// - Throws: `ImageError`.
  func write(to folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeAtomically(Array(try encoder.encode(self)) + [UInt8(ascii: "\n")], to: Self.path(folder))
  }
}
