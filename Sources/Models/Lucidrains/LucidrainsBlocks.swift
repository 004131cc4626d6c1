import DiffusionCheckpoints
import TensorCore

/// A convolution, a normalisation that may be scaled and shifted, and SiLU.
struct LucidrainsBlock: Sendable {
  private enum Norm: Sendable {
    case group(GroupNormalization)
    case channels(ChannelNormalization)
  }

  private let convolution: Convolution
  private let norm: Norm

  init(
    _ weights: Weights, _ inChannels: Int, _ outChannels: Int, _ network: LucidrainsUnet.Form
  ) throws(CheckpointError) {
    let proj = weights.scope("proj")
    let bound = Initializer.uniform(bound: 1 / Float(9 * inChannels).squareRoot())
    let weight = try proj.parameter("weight", [outChannels, inChannels, 3, 3], bound)
    convolution = Convolution(
      weight: network.settings.traits.standardization.applied(to: weight),
      bias: try proj.parameter("bias", [outChannels], bound), stride: [1, 1])
    if network.shape.hasRMSBlocks {
      let gain = try weights.parameter("norm.g", [1, outChannels, 1, 1], .ones)
      norm = .channels(ChannelNormalization(.rootMeanSquare, gain: gain))
    } else {
      norm = .group(
        try GroupNormalization(
          weights.scope("norm"), outChannels, groups: network.settings.groups, epsilon: 1e-5))
    }
  }

  /// The block, plus `residual` if there is one. A group normalisation is applied where its output is read.
  func callAsFunction(_ x: FusedInput, scaleShift: Tensor? = nil) -> FusedInput {
    let h = convolution(x)
    switch norm {
    case .group(let norm): return norm(FusedInput(h), scaleShift: scaleShift, silu: true)
    case .channels(let norm): return FusedInput(norm(h, scaleShift: scaleShift, silu: true))
    }
  }

  /// The same, written out and added to `residual`.
  func callAsFunction(_ x: FusedInput, adding residual: Tensor) -> Tensor {
    let h = convolution(x)
    switch norm {
    case .group(let norm): return norm(FusedInput(h), silu: true).tensor() + residual
    case .channels(let norm): return norm(h, silu: true, adding: residual)
    }
  }

  func flops(_ pixels: Int) -> Flops { Flops(total: 9 * convolution.inChannels * convolution.outChannels * pixels) }
}

/// Two blocks, of which the first is scaled and shifted by the embedding, and a residual connection.
struct LucidrainsResnetBlock: Sendable {
  private let mlp: Linear
  private let block1: LucidrainsBlock
  private let block2: LucidrainsBlock
  private let shortcut: Linear?

  init(
    _ weights: Weights, _ inChannels: Int, _ outChannels: Int, _ network: LucidrainsUnet.Form
  ) throws(CheckpointError) {
    mlp = try Linear(weights.scope("mlp.1"), network.embeddingWidth, 2 * outChannels)
    block1 = try LucidrainsBlock(weights.scope("block1"), inChannels, outChannels, network)
    block2 = try LucidrainsBlock(weights.scope("block2"), outChannels, outChannels, network)
    shortcut =
      inChannels == outChannels
      ? nil : try Linear(weights.scope("res_conv"), inChannels, outChannels, kernelDims: 2)
  }

  /// `x`, `[N, H, W, inChannels]`, and SiLU of the embedding, `[N, embeddingWidth]` → `[N, H, W, outChannels]`.
  func callAsFunction(_ x: FusedInput, _ embedding: Tensor) -> Tensor {
    block2(block1(x, scaleShift: mlp(embedding)), adding: shortcut?(x) ?? x.tensor())
  }

  func flops(_ pixels: Int) -> Flops {
    var flops = mlp.flops(pixels: 1)
    flops += block1.flops(pixels)
    flops += block2.flops(pixels)
    if let shortcut { flops += shortcut.flops(pixels: pixels) }
    return flops
  }
}

extension LucidrainsTraits.Standardization {
  /// The weights of a convolution, `[O, …]`, standardised for each output channel (Qiao et al. 2019, "Weight
  /// Standardization"), once they are read.
  func applied(to weight: Parameter) -> Parameter {
    if self == .none { return weight }
    return Parameter(weight.shape) {
      let tensor = weight.tensor()
      let count = tensor.shape.dropFirst().reduce(1, *)
      return tensor.withUnsafePointer { source in
        Tensor(tensor.shape) { out in
          for o in 0..<tensor.shape[0] {
            let row = source + o * count
            var (sum, squares) = (0.0, 0.0)
            for i in 0..<count { sum += Double(row[i]) }
            let mean = sum / Double(count)
            for i in 0..<count { squares += (Double(row[i]) - mean) * (Double(row[i]) - mean) }
            let variance = squares / Double(count)
            let divisor = (self == .added ? variance + 1e-5 : max(variance, 1e-5)).squareRoot()
            for i in 0..<count { out[o * count + i] = Float((Double(row[i]) - mean) / divisor) }
          }
        }
      }
    }
  }
}
