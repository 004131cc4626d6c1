import DiffusionBytes
import DiffusionImages
import DiffusionText
import Sampling

/// One line of a requests file: a JSON object that says what to draw and where it goes. Its keys are the command line's
/// option names with underscores; `settings` holds the model's flags:
///
///     {"out": "a.png", "class": ["cat"], "steps": 20, "seed": 7}
///     {"out": "b/%03d.png", "count": 100, "model": "m.pt", "settings": {"image_size": 64}}
public struct DrawingJob: Sendable, Equatable {
  /// What to draw.
  public var request: SamplingRequest
  /// Where it goes.
  public var output: OutputRequest

  /// A job.
  public init(_ request: SamplingRequest, _ output: OutputRequest = OutputRequest()) {
    (self.request, self.output) = (request, output)
  }

  /// Reads a line.
  ///
  /// - Throws: `DrawingJobError` if it is not such an object or has an unknown key.
  public init(line: some Collection<UInt8>) throws(DrawingJobError) {
    // Foundation takes it, other readers of JSON do not.
    if hasTrailingComma(line) {
      throw DrawingJobError(reason: "there is a comma in front of a closing bracket; leave it out")
    }
    do { self = try decodeJSON(DrawingJob.self, from: line) } catch let error as DrawingJobError { throw error } catch {
      if case DecodingError.typeMismatch(_, let context) = error, context.codingPath.isEmpty {
        throw DrawingJobError(reason: "it must be an object, for instance {\"out\": \"a.png\", \"steps\": 20}")
      }
      throw DrawingJobError(reason: jsonReason(error))
    }
  }
}

/// Why a line is not a valid request. One sentence.
public struct DrawingJobError: Error, Equatable, CustomStringConvertible {
  let reason: String

  /// The sentence.
  public var description: String { "is not a valid JSON request: \(reason)" }
}

extension DrawingJob: Codable {
  /// The JSON keys of where images go.
  public static let names = CodingKeys.allCases.map(\.rawValue)

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case out, grid, scale, bits, frames, strip, overwrite, resume, log
    case metadata
  }

  /// Reads an object.
  public init(from decoder: any Decoder) throws {
    try decoder.container(keyedBy: AnyKey.self)
      .refuseKeys(besides: SamplingRequest.names + Self.names)
    request = try SamplingRequest(from: decoder)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ type: Value.Type) throws -> Value? {
      try readingValue(of: key.rawValue) { try container.decodeIfPresent(type, forKey: key) }
    }
    output = OutputRequest()
    try checkPaths(try [CodingKeys.out, .log, .frames, .strip].map { ($0.rawValue, try value($0, String.self)) })
    if let text = try value(.out, String.self) {
      do { output.destination = try OutputDestination(text) } catch {
        throw DrawingJobError(reason: error.description)
      }
      if output.destination?.isStandardOutput == true {
        throw DrawingJobError(reason: "\"out\" cannot be \"-\", as answers go to standard output; name a file")
      }
    }
    if let columns = try? container.decodeIfPresent(Int.self, forKey: .grid) {
      output.sheet = SheetLayout(columns: columns)
    } else if try value(.grid, Bool.self) == true {
      output.sheet = SheetLayout()
    }
    output.scale = try value(.scale, Int.self) ?? 1
    output.bits = try value(.bits, Int.self) ?? 8
    output.frames = try value(.frames, String.self)
    output.strip = try value(.strip, String.self)
    output.overwrite = try value(.overwrite, Bool.self) ?? false
    output.resume = try value(.resume, Bool.self) ?? false
    output.metadata = try value(.metadata, Bool.self) ?? true
    output.log = try value(.log, String.self)
    if output.log == "-" {
      throw DrawingJobError(reason: "\"log\" cannot be \"-\", as answers go to standard output; name a file")
    }
  }

  /// No shell reads JSON, so that nothing expands `~`.
  private func checkPaths(_ written: [(String, String?)]) throws {
    let paths =
      written + [
        ("model", request.model), ("guide_model", request.guideModel), ("classifier", request.classifier),
        ("noise", request.noise), ("low_res", request.lowRes), ("condition", request.condition),
        ("init_image", request.initImage), ("mask", request.mask),
      ]
    for case (let name, let path?) in paths where homeExpanded(path) != nil {
      throw DrawingJobError(reason: "\"\(name)\": \(tildeReason); write the whole path")
    }
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    try request.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(output.destination?.path, forKey: .out)
    if let sheet = output.sheet {
      if let columns = sheet.columns {
        try container.encode(columns, forKey: .grid)
      } else {
        try container.encode(true, forKey: .grid)
      }
    }
    if output.scale != 1 { try container.encode(output.scale, forKey: .scale) }
    if output.bits != 8 { try container.encode(output.bits, forKey: .bits) }
    try container.encodeIfPresent(output.frames, forKey: .frames)
    try container.encodeIfPresent(output.strip, forKey: .strip)
    if output.overwrite { try container.encode(true, forKey: .overwrite) }
    if output.resume { try container.encode(true, forKey: .resume) }
    if !output.metadata { try container.encode(false, forKey: .metadata) }
    try container.encodeIfPresent(output.log, forKey: .log)
  }
}
