import DiffusionCheckpoints
import TensorCore

/// Builds an NCSN++ network from score_sde_pytorch's modules, in the order in which they are numbered.
struct ScoreSDEBuilder {
  private let layout: NCSNppLayout
  private let conventions: NCSNppConventions
  private let weights: Weights
  private var number = 0
  private var channels: Int
  private var skipChannels: [Int]

  /// A builder of networks of `layout` from `weights`.
  init(_ layout: NCSNppLayout, _ conventions: NCSNppConventions, _ weights: Weights) {
    (self.layout, self.conventions, self.weights) = (layout, conventions, weights)
    (channels, skipChannels) = (layout.modelChannels, [layout.modelChannels])
  }

  /// The network.
  ///
  /// - Parameters:
  ///   - centersInput: whether the input is in 0 to 1 and is centred first.
  ///   - scalesBySigma: whether the output is divided by σ.
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  mutating func network(centersInput: Bool, scalesBySigma: Bool) throws(CheckpointError) -> NCSNppNetwork {
    let width = layout.modelChannels
    var frequencies: Lazy<Tensor>?
    if layout.embedding == .fourier {
      let parameter = try next().parameter("W", [width], .zeros)
      frequencies = Lazy(of: parameter) { parameter.tensor() }
    }
    let dense = [
      try Linear(next(), layout.embedding == .fourier ? 2 * width : width, 4 * width),
      try Linear(next(), 4 * width, 4 * width),
    ]
    let input = try Convolution(next(), layout.imageChannels, width, kernel: 3)
    var down: [NCSNppNetwork.DownLevel] = []
    for level in layout.widths.indices { down.append(try self.down(level)) }
    let middle = (
      first: try block(channels), attention: try attention(), second: try block(channels)
    )
    var up: [NCSNppNetwork.UpLevel] = []
    for level in layout.widths.indices.reversed() { up.append(try self.up(level)) }
    return NCSNppNetwork(
      layout: layout, conventions: conventions, centersInput: centersInput, scalesBySigma: scalesBySigma,
      frequencies: frequencies, dense: dense, input: input, down: down, middle: middle, up: up,
      output: layout.hasOutputSkip ? nil : try output())
  }

  /// The scope of the next module.
  private mutating func next() -> Weights {
    number += 1
    return weights.scope("all_modules.\(number - 1)")
  }

  private mutating func down(_ level: Int) throws(CheckpointError) -> NCSNppNetwork.DownLevel {
    var (blocks, attentions): ([NCSNppBlock], [NCSNppAttention]) = ([], [])
    for _ in 0..<layout.blocks {
      blocks.append(try block(layout.widths[level]))
      if layout.attention[level] { attentions.append(try attention()) }
      skipChannels.append(channels)
    }
    var descent: NCSNppNetwork.Descent?
    if level < layout.widths.count - 1 {
      descent = NCSNppNetwork.Descent(
        block: layout.resampler == .block ? try block(channels, resampling: .down) : nil,
        convolution: try resamplingConvolution(stride: 2), pyramid: try pyramid(level))
      skipChannels.append(channels)
    }
    return NCSNppNetwork.DownLevel(blocks: blocks, attentions: attentions, descent: descent)
  }

  /// The layers from the input to the level below `level`.
  private mutating func pyramid(_ level: Int) throws(CheckpointError) -> NCSNppNetwork.Pyramid {
    switch layout.inputPyramid {
    case .none: return .none
    case .skip: return .skip(try Linear(next().scope("Conv_0"), layout.imageChannels, channels, kernelDims: 2))
    case .residual:
      let filters = layout.pyramidFilters == true
      return .residual(
        try Convolution(
          next().scope(filters ? "Conv2d_0" : "Conv_0"), level == 0 ? layout.imageChannels : layout.widths[level - 1],
          channels, kernel: 3, stride: 2, padding: filters ? .each(0) : .end))
    }
  }

  /// The convolution that resamples between levels; nil if something else does.
  private mutating func resamplingConvolution(stride: Int) throws(CheckpointError) -> Convolution? {
    switch layout.resampler {
    case .block: return nil
    case .plain:
      number += 1
      return nil
    case .convolution:
      return try Convolution(
        next().scope("Conv_0"), channels, channels, kernel: 3, stride: stride, padding: stride == 2 ? .end : .same)
    }
  }

  private mutating func up(_ level: Int) throws(CheckpointError) -> NCSNppNetwork.UpLevel {
    var blocks: [NCSNppBlock] = []
    for _ in 0...layout.blocks { blocks.append(try block(layout.widths[level], joining: skipChannels.removeLast())) }
    let attention = layout.attention[level] ? try self.attention() : nil
    let part = layout.hasOutputSkip ? try output() : nil
    let isLast = level == 0
    return NCSNppNetwork.UpLevel(
      blocks: blocks, attention: attention, output: part,
      block: !isLast && layout.resampler == .block ? try block(channels, resampling: .up) : nil,
      convolution: isLast ? nil : try resamplingConvolution(stride: 1))
  }

  private mutating func output() throws(CheckpointError) -> (norm: GroupNormalization, convolution: Convolution) {
    (
      try GroupNormalization(
        next(), channels, groups: conventions.groups(channels), epsilon: conventions.epsilon),
      try Convolution(next(), channels, layout.imageChannels, kernel: 3)
    )
  }

  private mutating func block(
    _ outChannels: Int, joining others: Int = 0, resampling: Resampling = .none
  ) throws(CheckpointError) -> NCSNppBlock {
    let block = try NCSNppBlock(
      next(), .scoreSDE, conventions, channels + others, outChannels, embedding: 4 * layout.modelChannels,
      resampling: resampling, hasNIN: layout.resampler != .block)
    channels = outChannels
    return block
  }

  private mutating func attention() throws(CheckpointError) -> NCSNppAttention {
    try NCSNppAttention(scoreSDE: next(), conventions, channels: channels)
  }
}
