import DiffusionCheckpoints
import DiffusionCore
import TensorCore

/// `SongUNet` and `DhariwalUNet` of NVlabs/edm (Karras et al. 2022, "Elucidating the Design Space", appendix F): F in
/// the paper's terms, without its preconditioning.
public struct EDMUNet: DenoisingNetwork {
  /// A layer, with its parameters.
  private enum Layer: Sendable {
    case convolution(Convolution)
    case block(EDMBlock)
    case auxiliaryResampling(EDMResampler)
    case auxiliarySkip(Convolution)
    case auxiliaryResidual(Convolution, FilteredResampling, padding: Int)
    case output(GroupNormalization, Convolution)
  }

  let shape: EDMShape
  private let embedding: EDMEmbedding
  private let encoder: [Layer]
  private let decoder: [Layer]

  /// Builds the network of `shape`.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(_ shape: EDMShape, _ weights: Weights) throws(CheckpointError) {
    self.shape = shape
    embedding = try EDMEmbedding(weights, shape)
    var encoder: [Layer] = []
    for layer in shape.encoder { encoder.append(try Self.layer(layer, .down, shape, weights)) }
    var decoder: [Layer] = []
    for layer in shape.decoder { decoder.append(try Self.layer(layer, .up, shape, weights)) }
    (self.encoder, self.decoder) = (encoder, decoder)
  }

  private static func layer(
    _ layer: EDMShape.Layer, _ direction: Resampling, _ shape: EDMShape, _ weights: Weights
  ) throws(CheckpointError) -> Layer {
    let size = layer.size(shape.imageSize)
    let pixels = size * size
    switch layer {
    case .convolution(let name, let inside, let outside):
      return .convolution(try Convolution(weights.scope(name), inside, outside, kernel: 3, outputPixels: pixels))
    case .block(let block): return .block(try EDMBlock(weights, block, in: shape))
    case .auxiliaryResampling(let name, let filter):
      try requestFilter(weights.scope(name), filter)
      return .auxiliaryResampling(EDMResampler(direction, filter))
    case .auxiliarySkip(let name, let inside, let outside):
      return .auxiliarySkip(try Convolution(weights.scope(name), inside, outside, kernel: 1, outputPixels: pixels))
    case .auxiliaryResidual(let name, let inside, let outside, let filter):
      try requestFilter(weights.scope(name), filter)
      return .auxiliaryResidual(
        try Convolution(weights.scope(name), inside, outside, kernel: 3, outputPixels: 4 * pixels),
        FilteredResampling(filter), padding: (filter.count - 1) / 2)
    case .output(let norm, let convolution, let inside):
      return .output(
        try GroupNormalization(
          weights.scope(norm), inside, epsilon: shape.kind.epsilon),
        try Convolution(weights.scope(convolution), inside, shape.outChannels, kernel: 3, outputPixels: pixels))
    }
  }

  /// See `DenoisingNetwork`.
  public func callAsFunction(_ x: Tensor, _ inputs: NetworkInputs) -> Tensor {
    precondition(
      x.shape.count == 4 && x.shape[1] == shape.inChannels,
      "a \(shape.kind.rawValue) of \(shape.inChannels) channels cannot take \(x.shape)")
    precondition(
      inputs.conditioning.count == x.shape[0], "\(inputs.conditioning.count) noise levels for \(x.shape[0]) images")
    let emb = embedding(inputs.conditioning, labels: inputs.labels)
    var (h, skips) = encode(x.channelsLast(), emb)
    var output: Tensor?
    for layer in decoder {
      switch layer {
      case .block(let block):
        // Blocks that are wider than what is there take an output of the encoder too.
        if block.shape.inChannels == h.shape[3] {
          h = block(FusedInput(h), emb)
        } else {
          h = block(FusedInput(h, joining: skips.removeLast()), emb)
        }
      case .auxiliaryResampling(let resampler): output = output.map { resampler(FusedInput($0)).tensor() }
      case .output(let norm, let convolution):
        output = convolution(norm(FusedInput(h), silu: true), adding: output)
      case .convolution, .auxiliarySkip, .auxiliaryResidual: preconditionFailure("a layer of the encoder")
      }
    }
    guard let output else { preconditionFailure("a network without output") }
    return output.channelsFirst()
  }

  /// The encoder's result, and its outputs that the decoder takes, in order.
  private func encode(_ x: Tensor, _ emb: Tensor) -> (Tensor, skips: [Tensor]) {
    var (h, auxiliary) = (x, x)
    var skips: [Tensor] = []
    for layer in encoder {
      switch layer {
      case .convolution(let convolution):
        h = convolution(h)
        skips.append(h)
      case .block(let block):
        h = block(FusedInput(h), emb)
        skips.append(h)
      case .auxiliaryResampling(let resampler): auxiliary = resampler(FusedInput(auxiliary)).tensor()
      case .auxiliarySkip(let convolution):
        h = convolution(FusedInput(auxiliary), adding: h)
        skips[skips.count - 1] = h
      case .auxiliaryResidual(let convolution, let filter, let padding):
        // The convolution reaches as far beyond the picture as the filter that follows.
        let halved = filter.halvedInside(convolution(auxiliary.padded(by: padding)))
        h = (h + halved).scaled(by: Float(0.5.squareRoot()))
        auxiliary = h
        skips[skips.count - 1] = h
      case .output: preconditionFailure("a layer of the decoder")
      }
    }
    return (h, skips)
  }

  /// See `DenoisingNetwork`.
  public func countFlops(batch: Int, size: [Int]) -> Flops {
    var flops = embedding.countFlops()
    var size = size
    for layer in encoder + decoder {
      switch layer {
      case .convolution(let convolution), .auxiliarySkip(let convolution), .output(_, let convolution):
        flops += convolution.countFlops(&size)
      case .block(let block): flops += block.countFlops(&size)
      case .auxiliaryResidual(let convolution, _, let padding):
        var padded = size.map { 2 * ($0 + padding) }
        flops += convolution.countFlops(&padded)
      case .auxiliaryResampling: break
      }
    }
    return flops * batch
  }

  /// See `DenoisingNetwork`.
  public var sizeMultiple: Int { 1 << (shape.resolutions.count - 1) }

  /// See `DenoisingNetwork`. Counts the first level, which has the most activations.
  public func activationBytes(size: [Int]) -> Int {
    let first = shape.blocks.filter { EDMNames.resolution($0.name) == shape.imageSize }
    let channels = first.reduce(0) { $0 + $1.outChannels } + 4 * (first.map(\.inChannels).max() ?? 0)
    return size.reduce(1, *) * channels * 4
  }

  /// The levels for `sample inspect`, with the parameters in `shapes`.
  func levels(_ shapes: [String: [Int]]) -> [Level] {
    shape.resolutions.enumerated().map { index, resolution in
      let blocks = shape.blocks.filter { EDMNames.resolution($0.name) == resolution }
      let inEncoder = blocks.filter { $0.name.hasPrefix("enc.") && !$0.name.hasSuffix("_down") }
      var level = Level(
        index: index, width: inEncoder.last?.outChannels ?? blocks.last?.outChannels ?? 0,
        heads: inEncoder.last.flatMap { $0.heads > 0 ? $0.heads : nil })
      level.parameters = shapes.reduce(0) { sum, tensor in
        EDMNames.resolution(tensor.key) == resolution ? sum + tensor.value.reduce(1, *) : sum
      }
      for layer in encoder + decoder {
        guard case .block(let block) = layer, EDMNames.resolution(block.shape.name) == resolution else { continue }
        // A block's name has the size of its output.
        var size: [Int] =
          switch block.shape.resampling {
          case .none: [resolution, resolution]
          case .down: [2 * resolution, 2 * resolution]
          case .up: [resolution / 2, resolution / 2]
          }
        level.multiplyAdds += block.countFlops(&size).total
      }
      return level
    }
  }
}
