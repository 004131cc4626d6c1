import DiffusionText

/// What the verbs about given pictures are to do, where it is not said by the options of drawing.
public struct InversionOptions: Sendable, Equatable {
  /// Pictures of an interpolation, its ends included, ≥ 2.
  public var frames = 8
  /// The seeds to interpolate between.
  public var seeds: SeedPair?
  /// Where the terms of a likelihood go.
  public var report: ReportDestination?

  /// The defaults.
  public init() {}
}

/// Two seeds, typed `1..2`.
public struct SeedPair: Sendable, Equatable {
  /// The one in front.
  public let first: UInt64
  /// The one behind.
  public let last: UInt64

  /// Two seeds.
  public init(_ first: UInt64, _ last: UInt64) { (self.first, self.last) = (first, last) }

  /// Reads the value of an option.
  init(_ text: String, _ name: String) throws(UsageError) {
    let dots = text.indices.first { text[$0...].hasPrefix("..") }
    guard let dots, let first = Self.number(text[..<dots]),
      let last = Self.number(text[dots...].dropFirst(2))
    else {
      throw UsageError("--\(name): \"\(text)\" is no pair of seeds; type for instance --\(name) 1..2")
    }
    self.init(first, last)
  }

  private static func number(_ text: Substring) -> UInt64? { isWholeNumber(text) ? UInt64(text) : nil }
}

/// A file for the terms of a likelihood.
public enum ReportDestination: Sendable, Equatable {
  /// One object of JSON.
  case json(String)
  /// A row for each picture and step.
  case csv(String)

  /// The file.
  public var path: String {
    switch self {
    case .json(let path), .csv(let path): path
    }
  }

  /// Reads the value of an option.
  init(_ text: String) throws(UsageError) {
    let name = text.lowercased()
    if name.hasSuffix(".json") {
      self = .json(text)
    } else if name.hasSuffix(".csv") {
      self = .csv(text)
    } else {
      throw UsageError("--out: sample nll writes .json and .csv, not \(text); type for instance --out nll.json")
    }
  }
}
