/// The shape of an NCSN++ network: all that its builder needs to know.
struct NCSNppLayout: Sendable, Equatable {
  /// How the noise level enters the network.
  enum Embedding: Sendable, Equatable {
    /// By random frequencies of ln σ.
    case fourier
    /// As a timestep.
    case positional
  }

  /// How the resolution changes from level to level.
  enum Resampler: Sendable, Equatable {
    /// By a residual block.
    case block
    /// By a convolution.
    case convolution
    /// By averaging and repetition.
    case plain
  }

  /// What is made of the input at each lower resolution.
  enum InputPyramid: Sendable, Equatable {
    case none
    /// The filtered input, added by a 1 × 1 convolution.
    case skip
    /// The input, halved by convolutions, added to what the levels put out.
    case residual
  }

  var embedding = Embedding.positional
  /// The width that the embedding is made for.
  var modelChannels = 0
  var imageChannels = 0
  /// The width of each level, the highest resolution first.
  var widths: [Int] = []
  /// Whether residual blocks of a level are followed by attention; in the decoder only the last of each level.
  var attention: [Bool] = []
  /// The residual blocks of a level; the decoder has one more.
  var blocks = 0
  var resampler = Resampler.block
  var inputPyramid = InputPyramid.none
  /// Whether the output is summed up from all levels of the decoder.
  var hasOutputSkip = false
  /// Whether the convolutions of the input pyramid filter; nil if there are none.
  var pyramidFilters: Bool?

  /// The limits on levels and widths, above any real network: a file may claim anything.
  static let mostModules = 4096
  static let mostLevels = 16
  static let widest = 1 << 16
}
