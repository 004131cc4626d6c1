import DiffusionCheckpoints
import TensorCore

/// From latents to pictures.
struct AutoencoderDecoder: Sendable {
  private let input: Convolution
  private let middle: AutoencoderMiddle
  private let levels: [AutoencoderLevel]
  private let head: AutoencoderHead

  /// The decoder under `weights`.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(_ weights: Weights, _ shape: AutoencoderShape, usesOldNames: Bool) throws(CheckpointError) {
    let widths = Array(shape.widths.reversed())
    input = try Convolution(weights.scope("conv_in"), shape.innerChannels, widths[0], kernel: 3)
    middle = try AutoencoderMiddle(weights.scope("mid_block"), shape, usesOldNames: usesOldNames)
    var levels: [AutoencoderLevel] = []
    for (i, width) in widths.enumerated() {
      levels.append(
        try AutoencoderLevel(
          weights.scope("up_blocks.\(i)"), shape, widths[max(0, i - 1)], width, ascends: true,
          isLast: i == widths.count - 1))
    }
    self.levels = levels
    head = try AutoencoderHead(weights, widths[widths.count - 1], shape.pictureChannels, groups: shape.groups)
  }

  /// `[N, h, w, innerChannels]` → `[N, H, W, pictureChannels]`.
  func callAsFunction(_ z: Tensor) -> Tensor { head(levels.reduce(middle(input(z))) { $1($0) }) }

  func countFlops(_ size: inout [Int]) -> Flops {
    var flops = input.countFlops(&size)
    flops += middle.countFlops(&size)
    for level in levels { flops += level.countFlops(&size) }
    flops += head.countFlops(&size)
    return flops
  }
}

/// From pictures to latents.
struct AutoencoderEncoder: Sendable {
  private let input: Convolution
  private let levels: [AutoencoderLevel]
  private let middle: AutoencoderMiddle
  private let head: AutoencoderHead

  /// The encoder under `weights`, whose output has `outChannels` channels.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(
    _ weights: Weights, _ shape: AutoencoderShape, outChannels: Int, usesOldNames: Bool
  ) throws(CheckpointError) {
    let widths = shape.widths
    input = try Convolution(weights.scope("conv_in"), shape.pictureChannels, widths[0], kernel: 3)
    var levels: [AutoencoderLevel] = []
    for (i, width) in widths.enumerated() {
      levels.append(
        try AutoencoderLevel(
          weights.scope("down_blocks.\(i)"), shape, widths[max(0, i - 1)], width, ascends: false,
          isLast: i == widths.count - 1))
    }
    self.levels = levels
    middle = try AutoencoderMiddle(weights.scope("mid_block"), shape, usesOldNames: usesOldNames)
    head = try AutoencoderHead(weights, widths[widths.count - 1], outChannels, groups: shape.groups)
  }

  /// `[N, H, W, pictureChannels]` → `[N, h, w, outChannels]`.
  func callAsFunction(_ x: Tensor) -> Tensor { head(middle(levels.reduce(input(x)) { $1($0) })) }
}
