import DiffusionCheckpoints

// score_sde_pytorch numbers a network's modules in the order in which it calls them, so that their tensors say what
// each is, and their order where it stands.

/// What one of `all_modules` is.
enum ScoreSDEModule: Equatable {
  case frequencies
  case linear
  case convolution(inChannels: Int, outChannels: Int)
  case norm
  /// A residual block; one that resamples has a shortcut though it keeps the number of channels.
  case block(inChannels: Int, outChannels: Int, resamples: Bool)
  case attention
  /// A 1 × 1 convolution of the filtered input.
  case combination
  /// A layer that is a convolution and more.
  case resampling(filters: Bool)
  /// A layer without tensors, or an unknown one.
  case nothing

  /// The module whose tensors have these names and shapes.
  init(_ shapes: [String: [Int]]) {
    func dimension(_ name: String, _ index: Int) -> Int {
      shapes[name].flatMap { index < $0.count ? $0[index] : nil } ?? 0
    }
    if shapes["W"] != nil {
      self = .frequencies
    } else if shapes["GroupNorm_1.weight"] != nil {
      let (inChannels, outChannels) = (dimension("GroupNorm_0.weight", 0), dimension("Conv_1.weight", 0))
      self = .block(
        inChannels: inChannels, outChannels: outChannels,
        resamples: inChannels == outChannels && shapes["Conv_2.weight"] != nil)
    } else if shapes["NIN_3.W"] != nil {
      self = .attention
    } else if shapes["Conv2d_0.weight"] != nil {
      self = .resampling(filters: true)
    } else if shapes["Conv_0.weight"] != nil {
      self = dimension("Conv_0.weight", 2) == 1 ? .combination : .resampling(filters: false)
    } else {
      switch shapes["weight"]?.count {
      case 1: self = .norm
      case 2: self = .linear
      case 4: self = .convolution(inChannels: dimension("weight", 1), outChannels: dimension("weight", 0))
      default: self = .nothing
      }
    }
  }
}

extension NCSNppLayout {
  /// Reads the layout off a network's modules; nil if they are not such a network's.
  init?(_ modules: [ScoreSDEModule]) {
    var next = 0
    func module(_ i: Int) -> ScoreSDEModule { modules.indices.contains(i) ? modules[i] : .nothing }
    if module(0) == .frequencies { (embedding, next) = (.fourier, 1) }
    guard module(next) == .linear, module(next + 1) == .linear,
      case .convolution(let inChannels, let outChannels) = module(next + 2)
    else { return nil }
    (imageChannels, modelChannels) = (inChannels, outChannels)
    next += 3

    guard let levels = Self.levels(modules, from: next, &resampler), levels <= Self.mostLevels else { return nil }
    let plainBlocks = modules.count { if case .block(_, _, false) = $0 { true } else { false } }
    // The encoder has n in each level, the middle 2, and the decoder n + 1 in each.
    let ofLevels = plainBlocks - 2 - levels
    guard ofLevels > 0, ofLevels % (2 * levels) == 0 else { return nil }
    blocks = ofLevels / (2 * levels)
    for level in 0..<levels {
      var (width, hasAttention) = (0, false)
      for _ in 0..<blocks {
        guard case .block(_, let outChannels, false) = module(next) else { return nil }
        width = outChannels
        hasAttention = module(next + 1) == .attention
        next += hasAttention ? 2 : 1
      }
      widths.append(width)
      attention.append(hasAttention)
      guard level < levels - 1 else { break }
      next += 1
      if module(next) == .combination {
        inputPyramid = .skip
        next += 1
      } else if case .resampling(let filters) = module(next) {
        (inputPyramid, pyramidFilters) = (.residual, filters)
        next += 1
      }
    }
    let norms = modules.count { $0 == .norm }
    hasOutputSkip = levels > 1 && norms == levels
    let sizes = widths + [modelChannels, imageChannels]
    guard norms == 1 || hasOutputSkip, sizes.allSatisfy((1...Self.widest).contains) else { return nil }
  }

  /// The number of levels, and how the resolution changes between them.
  private static func levels(
    _ modules: [ScoreSDEModule], from first: Int, _ resampler: inout Resampler
  ) -> Int? {
    let blocks = modules.count { if case .block(_, _, true) = $0 { true } else { false } }
    if blocks > 0 {
      resampler = .block
      return blocks % 2 == 0 ? blocks / 2 + 1 : nil
    }
    let convolutions = modules.count { $0 == .resampling(filters: false) }
    let gaps = modules[min(first, modules.count)...].count { $0 == .nothing }
    resampler = gaps > 0 ? .plain : .convolution
    return (convolutions + gaps) % 2 == 0 ? (convolutions + gaps) / 2 + 1 : nil
  }
}
