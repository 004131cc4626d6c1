import DiffusionCheckpoints
import TensorCore

extension NCSNppLayout {
  /// Reads the layout off diffusers' names; nil if they are not such a network's.
  init?(diffusers state: StateDict) {
    let numbers = NameNumbers(state.names)
    guard let input = state.shape(of: "conv_in.weight"), input.count == 4, state.shape(of: "time_proj.weight") != nil,
      numbers.has("down_blocks.0.skip_conv.")
    else { return nil }
    embedding = .fourier
    (inputPyramid, hasOutputSkip) = (.skip, true)
    (modelChannels, imageChannels) = (input[0], input[1])
    let levels = numbers.count("down_blocks.")
    guard levels <= Self.mostLevels else { return nil }
    blocks = numbers.count("down_blocks.0.resnets.")
    for level in 0..<levels {
      guard let width = state.shape(of: "down_blocks.\(level).resnets.0.conv1.weight")?.first else { return nil }
      widths.append(width)
      attention.append(numbers.has("down_blocks.\(level).attentions."))
    }
    guard (1...64).contains(blocks), (widths + [modelChannels, imageChannels]).allSatisfy((1...Self.widest).contains)
    else { return nil }
  }
}

/// Builds NCSN++ from the names that diffusers gives its layers.
struct DiffusersNCSNppBuilder {
  let layout: NCSNppLayout
  let conventions: NCSNppConventions
  /// Those of the middle.
  let middle: NCSNppConventions
  /// The groups of normalisations in the middle, and of the last; nil for a quarter of the channels, up to 32.
  let groups: Int?
  let usesOldNames: Bool
  let weights: Weights

  private var embedding: Int { 4 * layout.modelChannels }

  /// The network.
  ///
  /// - Parameter centersInput: whether the input is in 0 to 1 and is centred first.
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  func network(centersInput: Bool) throws(CheckpointError) -> NCSNppNetwork {
    let width = layout.modelChannels
    let frequencies = try weights.scope("time_proj").parameter("weight", [width], .zeros)
    var skipChannels = [width]
    var channels = width
    var down: [NCSNppNetwork.DownLevel] = []
    for level in layout.widths.indices { down.append(try self.down(level, &channels, &skipChannels)) }
    let middleGroups = groups ?? middle.groups(channels)
    let scope = weights.scope("mid_block")
    let parts = (
      first: try block(scope.scope("resnets.0"), middle, channels, channels, groups: (middleGroups, middleGroups)),
      attention: try attention(scope.scope("attentions.0"), middle, channels, groups: middleGroups),
      second: try block(scope.scope("resnets.1"), middle, channels, channels, groups: (middleGroups, middleGroups))
    )
    var up: [NCSNppNetwork.UpLevel] = []
    for level in layout.widths.indices.reversed() { up.append(try self.up(level, &channels, &skipChannels)) }
    return NCSNppNetwork(
      layout: layout, conventions: conventions, centersInput: centersInput, scalesBySigma: true,
      frequencies: Lazy(of: frequencies) { frequencies.tensor() },
      dense: [
        try Linear(weights.scope("time_embedding.linear_1"), 2 * width, embedding),
        try Linear(weights.scope("time_embedding.linear_2"), embedding, embedding),
      ], input: try Convolution(weights.scope("conv_in"), layout.imageChannels, width, kernel: 3), down: down,
      middle: parts, up: up, output: nil)
  }

  private func down(
    _ level: Int, _ channels: inout Int, _ skipChannels: inout [Int]
  ) throws(CheckpointError) -> NCSNppNetwork.DownLevel {
    let scope = weights.scope("down_blocks.\(level)")
    var (blocks, attentions): ([NCSNppBlock], [NCSNppAttention]) = ([], [])
    for i in 0..<layout.blocks {
      blocks.append(try block(scope.scope("resnets.\(i)"), conventions, channels, layout.widths[level]))
      channels = layout.widths[level]
      if layout.attention[level] {
        attentions.append(try attention(scope.scope("attentions.\(i)"), conventions, channels, groups: 32))
      }
      skipChannels.append(channels)
    }
    guard level < layout.widths.count - 1 else { return .init(blocks: blocks, attentions: attentions, descent: nil) }
    skipChannels.append(channels)
    let descent = NCSNppNetwork.Descent(
      block: try block(scope.scope("resnet_down"), conventions, channels, channels, resampling: .down),
      convolution: nil,
      pyramid: .skip(try Linear(scope.scope("skip_conv"), layout.imageChannels, channels, kernelDims: 2)))
    return .init(blocks: blocks, attentions: attentions, descent: descent)
  }

  private func up(
    _ level: Int, _ channels: inout Int, _ skipChannels: inout [Int]
  ) throws(CheckpointError) -> NCSNppNetwork.UpLevel {
    let scope = weights.scope("up_blocks.\(layout.widths.count - 1 - level)")
    var blocks: [NCSNppBlock] = []
    for i in 0...layout.blocks {
      let others = skipChannels.removeLast()
      let width = layout.widths[level]
      // A slip of diffusers' blocks with attention: only the second summand is divided by 4.
      let first = layout.attention[level] ? min(channels + others / 4, 32) : conventions.groups(channels + others)
      blocks.append(
        try block(
          scope.scope("resnets.\(i)"), conventions, channels + others, width,
          groups: (first, conventions.groups(width))))
      channels = width
    }
    let isLast = level == 0
    // The last level's part of the output has the names of the whole network.
    let norm = isLast ? weights.scope("conv_norm_out") : scope.scope("skip_norm")
    let convolution = isLast ? weights.scope("conv_out") : scope.scope("skip_conv")
    let lastGroups = isLast ? groups : nil
    return NCSNppNetwork.UpLevel(
      blocks: blocks,
      attention: layout.attention[level]
        ? try attention(scope.scope("attentions.0"), conventions, channels, groups: 32) : nil,
      output: (
        try GroupNormalization(
          norm, channels, groups: lastGroups ?? conventions.groups(channels), epsilon: conventions.epsilon),
        try Convolution(convolution, channels, layout.imageChannels, kernel: 3)
      ),
      block: isLast
        ? nil : try block(scope.scope("resnet_up"), conventions, channels, channels, resampling: .up),
      convolution: nil)
  }

  private func block(
    _ scope: Weights, _ conventions: NCSNppConventions, _ inChannels: Int, _ outChannels: Int,
    resampling: Resampling = .none, groups: (Int, Int)? = nil
  ) throws(CheckpointError) -> NCSNppBlock {
    try NCSNppBlock(
      scope, .diffusers, conventions, inChannels, outChannels, embedding: embedding, resampling: resampling,
      groups: groups)
  }

  private func attention(
    _ scope: Weights, _ conventions: NCSNppConventions, _ channels: Int, groups: Int
  ) throws(CheckpointError) -> NCSNppAttention {
    try NCSNppAttention(
      diffusers: scope, conventions, channels: channels, groups: groups, usesOldNames: usesOldNames)
  }
}
