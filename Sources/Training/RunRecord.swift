import DiffusionBytes
import DiffusionFiles
import DiffusionPlatform

/// `run.json`: what a run was begun with.
public struct RunRecord: Sendable, Equatable {
  /// That of the program.
  public let version: String
  /// How it was begun.
  public let beginning: Beginning
  /// All that it came to, defaults included; nil where an earlier version has written it.
  public let settings: TrainingSettings?

  /// How a run was begun.
  public enum Beginning: Sendable, Equatable {
    /// As this version says it.
    case request(TrainingRequest)
    /// As earlier versions said it: the words of a command line, `--out` and its value among them.
    case arguments([String])
  }

  init(_ request: TrainingRequest, _ settings: TrainingSettings) {
    (version, beginning, self.settings) = (programVersion, .request(request), settings)
  }

  static let file = "run.json"

  /// What `folder`, that of a run, says.
  ///
  /// - Throws: `TrainingError.file` where there is none, `.notARun` for a file that is no record, `.unknownRequest`.
  public static func read(from folder: String) throws(TrainingError) -> RunRecord {
    let path = "\(folder)/\(file)"
    return try inTrainingTerms {
      let bytes = try readFile(path)
      do { return try decodeJSON(RunRecord.self, from: bytes) } catch DecodingError.dataCorrupted(let context)
        where context.codingPath.first?.stringValue == CodingKeys.request.stringValue
      {
        throw TrainingError.unknownRequest(path: path, reason: context.debugDescription)
      } catch { throw TrainingError.notARun(path: path) }
    }
  }

  /// - Throws: `TrainingError.file`.
  func write(to folder: String) throws(TrainingError) {
    try inTrainingTerms {
      try writeAtomically(Array((try encodeJSON(self, pretty: true) + "\n").utf8), to: "\(folder)/\(Self.file)")
    }
  }
}

extension RunRecord: Codable {
  private enum CodingKeys: String, CodingKey { case version, request, arguments, settings }

  /// Reads what any version has written.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decode(String.self, forKey: .version)
    if let request = try container.decodeIfPresent(TrainingRequest.self, forKey: .request) {
      beginning = .request(request)
      settings = try container.decode(TrainingSettings.self, forKey: .settings)
    } else {
      beginning = .arguments(try container.decode([String].self, forKey: .arguments))
      settings = nil
    }
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    switch beginning {
    case .request(let request): try container.encode(request, forKey: .request)
    case .arguments(let words): try container.encode(words, forKey: .arguments)
    }
    try container.encodeIfPresent(settings, forKey: .settings)
  }
}
