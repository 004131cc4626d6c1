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

  private static func number(_ text: Substring) -> UInt64? { isDigits(text) ? UInt64(text) : nil }
}

/// What an interpolation lies between.
public enum InterpolationEnds: Sendable, Equatable {
  /// The noises that two pictures are drawn from.
  case pictures(String, String)
  /// The noises of the first images of two seeds.
  case seeds(SeedPair)
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

extension CommandName {
  /// Those that go from pictures to noise, or from noise to what lies between.
  static let inversions: Set<CommandName> = [.encode, .reconstruct, .interpolate]
  /// Those that write images.
  static let drawing: Set<CommandName> = [.draw, .reconstruct, .interpolate]

  /// How many words may follow the verb.
  var operandCount: ClosedRange<Int> {
    switch self {
    case .encode, .reconstruct, .nll: 1...Int.max
    case .interpolate: 0...2
    default: operands.count...operands.count
    }
  }

  /// What to type, where pictures are missing.
  var operandExample: String? {
    switch self {
    case .encode: "img.png --out z.npy"
    case .reconstruct: "img.png --out again.png"
    case .nll: "img.png"
    default: nil
    }
  }

  /// Why an option of drawing is none of this command, where more can be said than that.
  func refusal(of option: String) -> UsageError? {
    guard CommandName.inversions.contains(self) else { return nil }
    switch option {
    case "guidance":
      return UsageError(
        "--guidance: pictures are encoded without it, as it cannot be undone; leave it out, and draw them again with --guidance 1"
      )
    case "sampler", "eta":
      return UsageError(
        "--\(option): \(shown(self)) draws with ddim and without --eta, which alone can be undone; leave it out")
    default: return nil
    }
  }
}

/// Reads what follows the verbs about given pictures.
func inversion(_ command: CommandName, _ operands: [String], _ options: Options) throws(UsageError) -> Command {
  var options = options
  switch command {
  case .encode:
    try validate(options)
    return .encode(options, images: operands)
  case .reconstruct:
    if options.output == nil, options.grid != nil || options.scale != 1 {
      throw UsageError(
        "\(options.grid != nil ? "--grid" : "--scale") is for pictures that are written; type for instance --out sheet.png too"
      )
    }
    if options.output == .standardOutput {
      throw UsageError("--out -: the errors go to standard output; type for instance --out again.png")
    }
    // A file may hold several.
    options.count = options.output == nil ? 1 : operands.count
    try validate(options)
    return .reconstruct(options, images: operands)
  case .interpolate:
    let ends = try ends(operands, options)
    options.count = options.inversion.frames
    switch options.output ?? .png("sample.png") {
    case .png, .standardOutput: options.grid = options.grid ?? .columns(options.count)
    default: break
    }
    try validate(options)
    return .interpolate(options, ends)
  default:
    try validate(options)
    return .nll(options, images: operands)
  }
}

private func ends(_ pictures: [String], _ options: Options) throws(UsageError) -> InterpolationEnds {
  let ways = "type sample interpolate A.png B.png, or --seed 1..2 and no pictures"
  if let seeds = options.inversion.seeds {
    guard pictures.isEmpty else {
      throw UsageError("--seed \(seeds.first)..\(seeds.last) and pictures both say what lies at the ends; \(ways)")
    }
    return .seeds(seeds)
  }
  guard pictures.count == 2 else {
    throw UsageError(
      "sample interpolate needs two ends, and \(pictures.isEmpty ? "none" : "one") is given; \(ways)")
  }
  if let guidance = options.guidance, guidance != 1 {
    throw UsageError(
      "--guidance: pictures are encoded without it, as it cannot be undone; leave it out, or interpolate between --seed 1..2"
    )
  }
  return .pictures(pictures[0], pictures[1])
}
