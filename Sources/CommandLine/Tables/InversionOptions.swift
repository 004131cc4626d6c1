import DiffusionText

/// Options of the commands that take input images, besides the drawing options.
public struct InversionOptions: Sendable, Equatable {
  /// Images of an interpolation, including its ends, ≥ 2.
  public var frames = 8
  /// The seeds to interpolate between.
  public var seeds: SeedPair?
  /// File for the terms of the bound.
  public var report: ReportDestination?

  /// The defaults.
  public init() {}
}

/// Two seeds, typed as `1..2`.
public struct SeedPair: Sendable, Equatable {
  /// The seed of the first image.
  public let first: UInt64
  /// The seed of the last image.
  public let last: UInt64

  /// Two seeds.
  public init(_ first: UInt64, _ last: UInt64) { (self.first, self.last) = (first, last) }

  /// Parses an option's value.
  init(_ text: String, _ name: String) throws(UsageError) {
    let dots = text.indices.first { text[$0...].hasPrefix("..") }
    guard let dots, let first = Self.number(text[..<dots]),
      let last = Self.number(text[dots...].dropFirst(2))
    else {
      throw UsageError("--\(name): \"\(text)\" is not a pair of seeds; type for instance --\(name) 1..2")
    }
    self.init(first, last)
  }

  private static func number(_ text: Substring) -> UInt64? { isWholeNumber(text) ? UInt64(text) : nil }
}

/// A file for the terms of a likelihood.
public enum ReportDestination: Sendable, Equatable {
  /// A JSON object.
  case json(String)
  /// A row per image and step.
  case csv(String)

  /// The file's path.
  public var path: String {
    switch self {
    case .json(let path), .csv(let path): path
    }
  }

  /// Parses an option's value.
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
