/// A release of denoising-diffusion-pytorch: `1.7.4`.
struct LucidrainsRelease: Comparable, CustomStringConvertible, Sendable {
  let major: Int
  let minor: Int
  let patch: Int

  init(_ major: Int, _ minor: Int, _ patch: Int) { (self.major, self.minor, self.patch) = (major, minor, patch) }

  /// The release of the name `text`, `1.7.4` or `v1.7.4`; nil if it is none.
  init?(_ text: String) {
    let parts = (text.hasPrefix("v") ? text.dropFirst() : text[...]).split(
      separator: ".", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.utf8.allSatisfy { (48...57).contains($0) } ? Int($0) : nil }
    guard (2...4).contains(parts.count), numbers.count == parts.count, numbers.allSatisfy({ (0...9999).contains($0) })
    else { return nil }
    self.init(numbers[0], numbers[1], numbers.count > 2 ? numbers[2] : 0)
  }

  var description: String { "\(major).\(minor).\(patch)" }

  static func < (a: Self, b: Self) -> Bool { (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch) }
}

/// What of a network or of its sampling no tensor shows, but the release does.
struct LucidrainsTraits: Sendable, Equatable {
  /// How the weights of a residual block's convolutions are standardised.
  enum Standardization: Sendable, Equatable {
    case none
    /// (w - mean) / √(variance + 10⁻⁵).
    case added
    /// (w - mean) / √max(variance, 10⁻⁵).
    case clamped
  }

  /// Whether attention is normalised by the root mean square, not by mean and variance.
  var normalizesByRMS: Bool
  var standardization: Standardization
  /// Whether linear attention divides the values by the number of positions.
  var dividesValues: Bool
  /// The scale of the middle attention if it is by cosine.
  var cosineScale: Float?

  /// The releases at which one of them changes.
  static let changes: [LucidrainsRelease] = [
    .init(0, 26, 0), .init(0, 26, 4), .init(0, 27, 3), .init(0, 28, 0), .init(1, 7, 0), .init(1, 7, 1), .init(1, 7, 2),
    .init(1, 7, 4),
  ]

  /// The traits of a release's main network, or of that with classes, which changed with it from 0.31.1 on.
  init(_ release: LucidrainsRelease) {
    normalizesByRMS = release >= .init(1, 7, 0)
    standardization =
      release < .init(0, 27, 3) || release >= .init(1, 7, 2)
      ? .none : release == .init(1, 7, 1) ? .clamped : .added
    dividesValues = release >= .init(0, 26, 4) && release < .init(1, 7, 4)
    cosineScale =
      release < .init(0, 26, 0) || release >= .init(0, 28, 0) ? nil : release < .init(0, 27, 3) ? 16 : 10
  }
}

/// The releases that a file may be from.
struct LucidrainsReleases: Sendable {
  /// The first release of them.
  let first: LucidrainsRelease
  /// The first later release, which made other files.
  let end: LucidrainsRelease?
  /// The likeliest of them.
  let likeliest: LucidrainsRelease

  /// The newest release that is known.
  static let newest = LucidrainsRelease(2, 3, 4)

  /// Whether a file of the release `release` looks like this.
  func contains(_ release: LucidrainsRelease) -> Bool { release >= first && end.map { release < $0 } ?? true }

  /// Whether all of them compute the same.
  var agree: Bool {
    ([first] + LucidrainsTraits.changes.filter(contains)).allSatisfy { LucidrainsTraits($0) == LucidrainsTraits(first) }
  }

  /// For messages.
  var text: String { end.map { "\(first) and later, before \($0)" } ?? "\(first) and later" }

  /// The releases whose files have such names.
  init(_ shape: LucidrainsShape, _ contents: LucidrainsBuffers) {
    if shape.hasRMSBlocks {
      self.init(.init(2, 0, 0), nil, Self.newest)
    } else if shape.hasClasses {
      // The variant with classes keeps its names; its tables tell old ones.
      if contents.hasP2Weights {
        self.init(.init(0, 31, 1), .init(1, 5, 0), .init(1, 4, 6))
      } else {
        self.init(contents.hasLossWeights ? .init(1, 5, 0) : .init(0, 31, 1), .init(2, 0, 0), .init(1, 11, 1))
      }
    } else if shape.hasMemory {
      self.init(.init(1, 9, 0), .init(2, 0, 0), .init(1, 11, 1))
    } else if !shape.wrapsAttention {
      self.init(.init(1, 8, 0), .init(1, 9, 0), .init(1, 8, 15))
    } else if shape.unshuffles {
      // 1.7.0 to 1.7.4 are of one day.
      if contents.hasP2Weights {
        self.init(.init(0, 32, 0), .init(1, 5, 0), .init(1, 4, 6))
      } else {
        self.init(contents.hasLossWeights ? .init(1, 5, 0) : .init(0, 32, 0), .init(1, 8, 0), .init(1, 6, 4))
      }
    } else if !shape.hasNormBias {
      self.init(.init(0, 26, 5), .init(0, 32, 0), .init(0, 27, 12))
    } else if contents.prefix.contains("denoise_fn") {
      self.init(.init(0, 22, 0), .init(0, 25, 0), .init(0, 24, 4))
    } else {
      self.init(.init(0, 22, 0), .init(0, 26, 5), .init(0, 25, 3))
    }
  }

  private init(_ first: LucidrainsRelease, _ end: LucidrainsRelease?, _ likeliest: LucidrainsRelease) {
    (self.first, self.end, self.likeliest) = (first, end, likeliest)
  }
}
