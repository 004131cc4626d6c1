import DiffusionBytes
import DiffusionImages
import Sampling

/// A line of a file of requests: what is drawn, and where it goes, in one object of JSON. The names are those of the options of the command
/// line, with underscores, and `settings` holds what is said of the model:
///
///     {"out": "a.png", "class": ["cat"], "steps": 20, "seed": 7}
///     {"out": "b/%03d.png", "count": 100, "model": "m.pt", "settings": {"image_size": 64}}
public struct DrawingJob: Sendable, Equatable {
  /// What is drawn.
  public var request: SamplingRequest
  /// Where it goes.
  public var output: OutputRequest

  /// A job.
  public init(_ request: SamplingRequest, _ output: OutputRequest = OutputRequest()) {
    (self.request, self.output) = (request, output)
  }

  /// Reads a line.
  ///
  /// - Throws: `DrawingJobError` for a line that is no such object, or has a name that is none of those there are.
  public init(line: some Collection<UInt8>) throws(DrawingJobError) {
    do { self = try decodeJSON(DrawingJob.self, from: line) } catch let error as DrawingJobError { throw error } catch {
      throw DrawingJobError(reason: jsonReason(error))
    }
  }
}

/// Why a line is no request. One sentence.
public struct DrawingJobError: Error, Equatable, CustomStringConvertible {
  let reason: String

  /// One sentence.
  public var description: String { "is no request in JSON: \(reason)" }
}

extension DrawingJob: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case out, grid, scale, frames, strip, overwrite, resume, log
    case metadata
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads an object.
  public init(from decoder: any Decoder) throws {
    let known = SamplingRequest.names + CodingKeys.allCases.map(\.rawValue)
    if let stray = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted().first(where: {
      !known.contains($0)
    }) {
      throw DrawingJobError(reason: "there is no \"\(stray)\"; there are \(known.sorted().joined(separator: ", "))")
    }
    request = try SamplingRequest(from: decoder)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    output = OutputRequest()
    if let text = try container.decodeIfPresent(String.self, forKey: .out) {
      do { output.destination = try OutputDestination(text) } catch {
        throw DrawingJobError(reason: error.description)
      }
      if output.destination?.isStandardOutput == true {
        throw DrawingJobError(reason: "\"out\" cannot be \"-\", as answers go to standard output; name a file")
      }
    }
    if let columns = try? container.decodeIfPresent(Int.self, forKey: .grid) {
      guard (1...100_000).contains(columns) else {
        throw DrawingJobError(reason: "\"grid\" is \(columns), but a row has 1 to 100000 images")
      }
      output.sheet = SheetLayout(columns: columns)
    } else if try container.decodeIfPresent(Bool.self, forKey: .grid) == true {
      output.sheet = SheetLayout()
    }
    output.scale = try container.decodeIfPresent(Int.self, forKey: .scale) ?? 1
    guard (1...1024).contains(output.scale) else {
      throw DrawingJobError(reason: "\"scale\" is \(output.scale), but a pixel is enlarged 1 to 1024 times")
    }
    output.frames = try container.decodeIfPresent(String.self, forKey: .frames)
    output.strip = try container.decodeIfPresent(String.self, forKey: .strip)
    output.overwrite = try container.decodeIfPresent(Bool.self, forKey: .overwrite) ?? false
    output.resume = try container.decodeIfPresent(Bool.self, forKey: .resume) ?? false
    output.metadata = try container.decodeIfPresent(Bool.self, forKey: .metadata) ?? true
    output.log = try container.decodeIfPresent(String.self, forKey: .log)
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
    try container.encodeIfPresent(output.frames, forKey: .frames)
    try container.encodeIfPresent(output.strip, forKey: .strip)
    if output.overwrite { try container.encode(true, forKey: .overwrite) }
    if output.resume { try container.encode(true, forKey: .resume) }
    if !output.metadata { try container.encode(false, forKey: .metadata) }
    try container.encodeIfPresent(output.log, forKey: .log)
  }
}
