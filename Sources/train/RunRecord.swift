import DiffusionBytes
import DiffusionFiles
import DiffusionModels

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
    try writeAtomically(Array((try encodeJSON(self, pretty: true) + "\n").utf8), to: Self.path(folder))
  }
}
