import DiffusionBytes
import DiffusionFiles
import DiffusionPlatform
import DiffusionText

/// `run.json`: what a run was started with.
public struct RunRecord: Sendable, Equatable {
  /// The program's version.
  public let version: String
  /// How the run was started.
  public let beginning: Beginning
  /// The resulting settings, including defaults; nil if an earlier version wrote the record.
  public let settings: TrainingSettings?
  /// The data as it was when the run began; nil if an earlier version wrote the record.
  public let data: DataRecord?

  /// How a run was started.
  public enum Beginning: Sendable, Equatable {
    /// A request, as this version writes it.
    case request(TrainingRequest)
    /// Command-line arguments, as earlier versions wrote them, including `--out` and its value.
    case arguments([String])
  }

  init(_ request: TrainingRequest, _ settings: TrainingSettings, _ data: DataRecord?) {
    (version, beginning, self.settings, self.data) = (programVersion, .request(request), settings, data)
  }

  /// The name of the file in the folder of a run.
  public static let file = "run.json"

  /// The run's folder that `path` names: itself, or, for a file of the last checkpoint in it, the one it lies in.
  ///
  /// - Throws: `TrainingError.notAFolder` for another file, `.file`.
  public static func folder(named path: String) throws(TrainingError) -> String {
    guard try inTrainingTerms({ try kind(ofPath: path) }) == .file else { return path }
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    let isRun = try inTrainingTerms { try kind(ofPath: "\(folder)/\(file)") } == .file
    guard isRun, let step = RunFolder.parts(ofFile: name)?.step else {
      throw .notAFolder(
        "\(sanitized(path)): is not the folder of a run; to begin with the weights of a file, "
          + "type --resume-checkpoint \(shellQuoted(path)) in place of --resume, with --data and --out")
    }
    let record = try read(from: folder)
    let files = try inTrainingTerms { try RunFiles(in: folder) }
    // The checkpoint that the run goes on from. Earlier versions did not record their averages.
    let averages = record.settings.map { $0.emaRates.map(RunFolder.average) } ?? Array(files.averages)
    let last = files.newest(having: [RunFolder.model, RunFolder.optimizer] + averages)
    if last == step { return folder }
    var words = ["train", "--resume-checkpoint", operand(path), "--out", operand("\(folder)-from-\(step)")]
    if case .request(let request) = record.beginning { words += ["--data", operand(request.data)] }
    let resuming = shellLine(["train", "--resume", operand(folder)])
    let state =
      last.map {
        "the last complete checkpoint of \(sanitized(folder)) is that of step \($0), from which \(resuming) continues"
      } ?? "\(sanitized(folder)) has no complete checkpoint to resume from"
    throw .notAFolder(
      "\(sanitized(path)): \(state); to continue from step \(step) in a new run, type \(shellLine(words))")
  }

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

  /// Checks that a request to go on keeps to the run's averages, of which there is a file each.
  ///
  /// - Throws: `TrainingError.request`.
  func checkAverages(_ request: TrainingRequest, folder: String) throws(TrainingError) {
    guard let settings else { return }
    let now = TrainingSettings(request, nullClass: nil)
    if now.emaRates != settings.emaRates {
      let rates = settings.emaRates.map { "\($0)" }.joined(separator: ",")
      throw .request(
        "--ema-rate: \(sanitized(folder)) keeps \(rates.isEmpty ? "no averages" : "averages of rate \(rates)"), "
          + "and cannot change that; leave it out")
    }
    guard (now.emaWarmUp ?? false) != (settings.emaWarmUp ?? false) else { return }
    throw .request(
      "--ema-warm-up: \(sanitized(folder)) was begun \(settings.emaWarmUp == true ? "with" : "without") it, "
        + "and cannot change that; leave it out")
  }

  /// - Throws: `TrainingError.file`.
  func write(to folder: String) throws(TrainingError) {
    try inTrainingTerms {
      try writeAtomically(Array((try encodeJSON(self, pretty: true) + "\n").utf8), to: "\(folder)/\(Self.file)")
    }
  }
}

extension RunRecord: Codable {
  private enum CodingKeys: String, CodingKey { case version, request, arguments, settings, data }

  /// Decodes a record that any version wrote.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decode(String.self, forKey: .version)
    data = try container.decodeIfPresent(DataRecord.self, forKey: .data)
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
    try container.encodeIfPresent(data, forKey: .data)
  }
}
