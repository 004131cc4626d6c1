import Sampling

extension CommandName {
  /// Commands that encode images or draw from encoded noise.
  static let inversions: Set<CommandName> = [.encode, .reconstruct, .interpolate]
  /// Commands that write images.
  static let drawing: Set<CommandName> = [.draw, .reconstruct, .interpolate]

  /// The number of operands.
  var operandCount: ClosedRange<Int> {
    switch self {
    case .encode, .reconstruct, .nll: 1...Int.max
    case .interpolate: 0...2
    case .score: 0...Int.max
    default: operands.count...operands.count
    }
  }

  /// An example of the operands, for the error when they are missing.
  var operandExample: String? {
    switch self {
    case .encode: "img.png --out z.npy"
    case .reconstruct: "img.png --out again.png"
    case .nll: "img.png"
    default: nil
    }
  }

  /// A more specific error for a drawing option that this command does not take.
  func refusal(of option: String) -> UsageError? {
    guard CommandName.inversions.contains(self) else { return nil }
    switch option {
    case "guidance":
      return UsageError(
        """
        --guidance: images are encoded without guidance, which cannot be inverted; \
        leave it out, and draw them again with --guidance 1
        """)
    case "sampler", "eta":
      return UsageError(
        "--\(option): \(shown(self)) always uses ddim without --eta, as nothing else can be inverted; leave it out")
    default: return nil
    }
  }
}

/// Parses the rest of a command that takes input images.
func inversion(_ command: CommandName, _ operands: [String], _ options: Options) throws(UsageError) -> Command {
  var options = options
  // They use DDIM's timesteps.
  options.request.sampler = DDIM.info.name
  switch command {
  case .encode:
    options.request.source = .reconstruction(of: operands)
    try validate(options)
    return .encode(options, images: operands)
  case .reconstruct:
    if options.output.destination == nil, options.output.sheet != nil || options.output.scale != 1 {
      throw UsageError(
        """
        \(options.output.sheet != nil ? "--grid" : "--scale") is for images that are written; \
        type for instance --out sheet.png too
        """)
    }
    if options.output.destination?.isStandardOutput == true {
      throw UsageError("--out -: the reconstruction errors go to standard output; type for instance --out again.png")
    }
    // A file may hold several images.
    options.request.count = options.output.destination == nil ? 1 : operands.count
    options.request.source = .reconstruction(of: operands)
    try validate(options)
    return .reconstruct(options, images: operands)
  case .interpolate:
    let ends = try ends(operands, options)
    options.request.count = options.inversion.frames
    if options.output.destination?.format.holds ?? .picture == .picture {
      options.output.sheet = options.output.sheet ?? SheetLayout(columns: options.request.count)
    }
    options.request.source = .interpolation(ends, frames: options.inversion.frames)
    try validate(options)
    return .interpolate(options)
  default:
    try validate(options)
    return .nll(options, images: operands)
  }
}

private func ends(_ pictures: [String], _ options: Options) throws(UsageError) -> InterpolationEnds {
  let ways = "type sample interpolate A.png B.png, or --seed 1..2 and no images"
  if let seeds = options.inversion.seeds {
    guard pictures.isEmpty else {
      throw UsageError("--seed \(seeds.first)..\(seeds.last) and images both give the ends; \(ways)")
    }
    return .seeds(seeds.first, seeds.last)
  }
  guard pictures.count == 2 else {
    throw UsageError(
      "sample interpolate needs two ends, but \(pictures.isEmpty ? "none" : "one") is given; \(ways)")
  }
  if let guidance = options.request.guidance, guidance != 1 {
    throw UsageError(
      """
      --guidance: images are encoded without guidance, which cannot be inverted; \
      leave it out, or interpolate between --seed 1..2
      """)
  }
  return .pictures(pictures[0], pictures[1])
}
