import DiffusionBytes
import DiffusionFiles
import DiffusionPlatform

/// `run.json`: what a run was started with.
public struct RunRecord: Sendable, Equatable {
  /// The program's version.
  public let version: String
  /// How the run was started.
  public let beginning: Beginning
  /// The resulting settings, including defaults; nil if an earlier version wrote the record.
  public let settings: TrainingSettings?

  /// How a run was started.
  public enum Beginning: Sendable, Equatable {
    /// A request, as this version writes it.
    case request(TrainingRequest)
    /// Command-line arguments, as earlier versions wrote them, including `--out` and its value.
    case arguments([String])
  }

  init(_ request: TrainingRequest, _ settings: TrainingSettings) {
    (version, beginning, self.settings) = (programVersion, .request(request), settings)
  }

  static let file = "run.json"

  /// Reads the record in `folder`, the folder of a run.
  ///
  /// - Throws: `TrainingError.file` if there is none, `.notARun` if the file is not a record, `.unknownRequest` if its
  ///   request is not understood.
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

  /// Decodes a record that any version wrote.
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

  /// Encodes what `init(from:)` decodes.
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
