import DiffusionCheckpoints
import TensorCore

/// The names that a code base gives to the layers of NCSN++'s blocks.
enum NCSNppNames: Sendable {
  /// yang-song/score_sde_pytorch's.
  case scoreSDE
  /// diffusers'.
  case diffusers

  /// Those of a residual block: normalisation, convolution, projection of the embedding, normalisation, convolution,
  /// and the shortcut of one that changes the number of channels or the resolution.
  var block: [String] {
    self == .scoreSDE
      ? ["GroupNorm_0", "Conv_0", "Dense_0", "GroupNorm_1", "Conv_1", "Conv_2"]
      : ["norm1", "conv1", "time_emb_proj", "norm2", "conv2", "conv_shortcut"]
  }
}

/// What a network's layers have in common, which no tensor shows.
struct NCSNppConventions: Sendable, Equatable {
  /// The filter of resampling: 1, 3, 3, 1 or, without `fir`, averaging and repetition.
  var filter: [Double] = [1, 3, 3, 1]
  /// Whether sums with a residual branch are divided by √2.
  var rescalesSkips = true
  /// Whether normalisations have a quarter as many groups as channels where that is fewer than 32; else they have 32.
  var hasFewerGroups = true
  /// The channels of an attention head; nil for one head.
  var headChannels: Int?
  /// ε of normalisations.
  var epsilon = 1e-6

  /// The groups of a residual block's normalisations.
  func groups(_ channels: Int) -> Int { hasFewerGroups ? max(1, min(channels / 4, 32)) : 32 }

  /// What a sum with a residual branch is multiplied by.
  func rescaled(_ sum: Tensor) -> Tensor { rescalesSkips ? sum.scaled(by: Float(0.5).squareRoot()) : sum }
}

/// A linear layer on channels of score_sde (`NIN`), whose weights are `[in, out]`, the other way round than PyTorch's.
func nin(_ weights: Weights, _ inChannels: Int, _ outChannels: Int) throws(CheckpointError) -> Linear {
  let parameters = try ninParameters(weights, inChannels, outChannels)
  return Linear(weight: parameters.weight, bias: parameters.bias)
}

private func ninParameters(
  _ weights: Weights, _ inChannels: Int, _ outChannels: Int
) throws(CheckpointError) -> (weight: Parameter, bias: Parameter) {
  let stored = try weights.parameter("W", [inChannels, outChannels], .zeros)
  let weight = Parameter([outChannels, inChannels]) {
    stored.tensor().reshaped([1, inChannels, outChannels]).channelsLast().reshaped([outChannels, inChannels])
  }
  return (weight, try weights.parameter("b", [outChannels], .zeros))
}

/// Parameters stacked along their first dimension.
private func stacked(_ parts: [Parameter]) -> Parameter {
  let shape = [parts.reduce(0) { $0 + $1.shape[0] }] + parts[0].shape.dropFirst()
  return Parameter(shape) { Tensor.stacked(parts.map { $0.tensor() }) }
}

/// A residual block (Song et al. 2021, "Score-Based Generative Modeling through SDEs", appendix H; after BigGAN), which
/// may resample both of its branches by a filter.
struct NCSNppBlock: Sendable {
  let inChannels: Int
  let outChannels: Int
  private let conventions: NCSNppConventions
  private let resampling: Resampling
  private let norm0: GroupNormalization
  private let conv0: Convolution
  private let dense: Linear
  private let norm1: GroupNormalization
  private let conv1: Convolution
  private let shortcut: Linear?

  /// The block under `weights`, for embeddings of `embedding` features.
  ///
  /// - Parameters:
  ///   - groups: the groups of its normalisations; nil for the conventions'.
  ///   - hasNIN: whether its shortcut is score_sde's `NIN`.
  init(
    _ weights: Weights, _ names: NCSNppNames, _ conventions: NCSNppConventions, _ inChannels: Int, _ outChannels: Int,
    embedding: Int, resampling: Resampling = .none, groups: (Int, Int)? = nil,
    hasNIN: Bool = false
  ) throws(CheckpointError) {
    (self.inChannels, self.outChannels, self.conventions) = (inChannels, outChannels, conventions)
    self.resampling = resampling
    let layers = names.block.map { weights.scope($0) }
    norm0 = try GroupNormalization(
      layers[0], inChannels, groups: groups?.0 ?? conventions.groups(inChannels), epsilon: conventions.epsilon)
    conv0 = try Convolution(layers[1], inChannels, outChannels, kernel: 3)
    dense = try Linear(layers[2], embedding, outChannels)
    norm1 = try GroupNormalization(
      layers[3], outChannels, groups: groups?.1 ?? conventions.groups(outChannels), epsilon: conventions.epsilon)
    conv1 = try Convolution(layers[4], outChannels, outChannels, kernel: 3)
    if inChannels == outChannels && resampling == .none {
      shortcut = nil
    } else if hasNIN {
      shortcut = try nin(weights.scope("NIN_0"), inChannels, outChannels)
    } else {
      shortcut = try Linear(layers[5], inChannels, outChannels, kernelDims: 2)
    }
  }

  /// `x`, `[N, H, W, inChannels]`, and the activated embedding, `[N, embedding]` → `[N, H', W', outChannels]`.
  func callAsFunction(_ x: FusedInput, _ embedding: Tensor) -> Tensor {
    var (h, skip) = (norm0(x, silu: true), x)
    if resampling != .none {
      let filter = FilteredResampling(conventions.filter)
      func resampled(_ x: FusedInput) -> FusedInput {
        FusedInput(resampling == .down ? filter.halved(x.tensor()) : filter.doubled(x.tensor()))
      }
      (h, skip) = (resampled(h), resampled(skip))
    }
    let inner = conv0(h).addingToChannels(dense(embedding))
    let residual = shortcut?(skip) ?? skip.tensor()
    return conventions.rescaled(conv1(norm1(FusedInput(inner), silu: true), adding: residual))
  }

  /// The multiply-adds for one picture of spatial size `size`, which becomes that of the output.
  func countFlops(_ size: inout [Int]) -> Flops {
    size = resampling.size(size)
    var flops = dense.flops(pixels: 1)
    flops += conv0.countFlops(&size)
    flops += conv1.countFlops(&size)
    if let shortcut { flops += shortcut.flops(pixels: size.reduce(1, *)) }
    return flops
  }
}

/// Self-attention over the positions of an activation, with a residual connection.
struct NCSNppAttention: Sendable {
  private let conventions: NCSNppConventions
  private let norm: GroupNormalization
  private let qkv: Linear
  private let out: Linear
  private let heads: Int

  /// The block of score_sde under `weights`.
  init(scoreSDE weights: Weights, _ conventions: NCSNppConventions, channels: Int) throws(CheckpointError) {
    self.conventions = conventions
    norm = try GroupNormalization(
      weights.scope("GroupNorm_0"), channels, groups: conventions.groups(channels), epsilon: conventions.epsilon)
    var parts: [(weight: Parameter, bias: Parameter)] = []
    for i in 0..<3 { parts.append(try ninParameters(weights.scope("NIN_\(i)"), channels, channels)) }
    qkv = Linear(weight: stacked(parts.map(\.weight)), bias: stacked(parts.map(\.bias)))
    out = try nin(weights.scope("NIN_3"), channels, channels)
    heads = 1
  }

  /// The block of diffusers under `weights`.
  ///
  /// - Parameters:
  ///   - groups: the groups of its normalisation.
  ///   - usesOldNames: whether its layers have the names of before diffusers 0.15.
  init(
    diffusers weights: Weights, _ conventions: NCSNppConventions, channels: Int, groups: Int, usesOldNames: Bool
  ) throws(CheckpointError) {
    self.conventions = conventions
    let names = usesOldNames ? ["query", "key", "value", "proj_attn"] : ["to_q", "to_k", "to_v", "to_out.0"]
    norm = try GroupNormalization(
      weights.scope("group_norm"), channels, groups: groups, epsilon: conventions.epsilon)
    var parts: [(weight: Parameter, bias: Parameter)] = []
    for name in names.dropLast() {
      let scope = weights.scope(name)
      parts.append(
        (try scope.parameter("weight", [channels, channels], .zeros), try scope.parameter("bias", [channels], .zeros)))
    }
    qkv = Linear(weight: stacked(parts.map(\.weight)), bias: stacked(parts.map(\.bias)))
    out = try Linear(weights.scope(names[3]), channels, channels)
    heads = conventions.headChannels.map { max(1, channels / $0) } ?? 1
  }

  /// `[N, H, W, C]` → `[N, H, W, C]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[3])
    let sequence = x.reshaped([batch, x.count / (batch * channels), channels])
    let h = attention(qkv(norm(FusedInput(sequence), silu: false)), heads: heads, order: .byPart)
    return conventions.rescaled(out(FusedInput(h), adding: sequence)).reshaped(x.shape)
  }

  /// The multiply-adds for one picture of `positions` pixels.
  func countFlops(positions: Int) -> Flops {
    let products = 2 * positions * positions * out.inFeatures
    var flops = out.flops(pixels: positions) * 4
    flops += Flops(total: products, attention: products)
    return flops
  }
}
