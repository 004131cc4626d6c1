import DiffusionCheckpoints
import TensorCore

/// Attention with a residual connection, linear or among all positions.
struct LucidrainsAttention: Sendable {
  private let norm: ChannelNormalization
  private let toQKV: Linear
  private let form: Form
  private let heads: Int
  private let traits: LucidrainsTraits

  private enum Form: Sendable {
    /// Linear attention with its projection, and the normalisation of what it gives.
    case linear(LinearAttention, ChannelNormalization)
    /// Attention among all positions, with a memory if there is one, and its projection; `scale` if it is by cosine.
    case full(Linear, memory: Lazy<Tensor>?, scale: Float?)
  }

  init(
    _ weights: Weights, _ attention: LucidrainsShape.Attention, channels: Int, _ network: LucidrainsUnet.Form,
    isMiddle: Bool = false
  ) throws(CheckpointError) {
    let traits = network.settings.traits
    self.traits = traits
    heads = network.settings.heads(attention)
    let width = attention.width
    func normalization(_ scope: String) throws(CheckpointError) -> ChannelNormalization {
      let scope = weights.scope(scope)
      let gain = try scope.parameter("g", [1, channels, 1, 1], .ones)
      if traits.normalizesByRMS { return ChannelNormalization(.rootMeanSquare, gain: gain) }
      let bias = network.shape.hasNormBias ? try scope.parameter("b", [1, channels, 1, 1], .zeros) : nil
      return ChannelNormalization(.centred(epsilon: 1e-5), gain: gain, bias: bias)
    }
    norm = try normalization(attention.norm)
    let scope = weights.scope(attention.scope)
    toQKV = try Linear(scope.scope("to_qkv"), channels, 3 * width, kernelDims: 2, hasBias: false)
    let memory = try attention.memory.map { memory throws(CheckpointError) in
      try Self.memory(scope, memory, width: width, isFull: attention.isFull)
    }
    if attention.isFull {
      let memory = memory.map { memory in Lazy(of: memory) { memory.tensor() } }
      form = .full(
        try Linear(scope.scope("to_out"), width, channels, kernelDims: 2), memory: memory,
        scale: isMiddle ? traits.cosineScale : nil)
    } else {
      let out = scope.scope("to_out.0")
      let bound = Initializer.uniform(bound: 1 / Float(width).squareRoot())
      form = .linear(
        LinearAttention(
          heads: heads, weight: try out.parameter("weight", [channels, width, 1, 1], bound),
          bias: try out.parameter("bias", [channels], bound), memory: memory),
        try normalization("\(attention.scope).to_out.1"))
    }
  }

  /// The memory's keys and values with positions first, `[M, 2 · width]`.
  private static func memory(
    _ scope: Weights, _ memory: (heads: Int, count: Int), width: Int, isFull: Bool
  ) throws(CheckpointError) -> Parameter {
    let (heads, count) = memory
    let depth = width / heads
    let stored = try scope.parameter(
      "mem_kv", [2, heads] + (isFull ? [count, depth] : [depth, count]), .normal(standardDeviation: 1))
    return Parameter([count, 2 * width]) {
      let values = stored.tensor().values
      return Tensor([count, 2 * width]) { out in
        for part in 0..<2 {
          for head in 0..<heads {
            for d in 0..<depth {
              for m in 0..<count {
                let place = isFull ? m * depth + d : d * count + m
                out[m * 2 * width + part * width + head * depth + d] =
                  values[(part * heads + head) * depth * count + place]
              }
            }
          }
        }
      }
    }
  }

  /// `[N, H, W, C]` → `[N, H, W, C]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let (batch, positions, channels) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
    let sequence = x.reshaped([batch, positions, channels])
    let qkv = toQKV(norm(sequence))
    let width = qkv.shape[2] / 3
    let scale = 1 / Float(width / heads).squareRoot()
    switch form {
    case .linear(let attention, let outNorm):
      let h = attention(qkv, scale: traits.dividesValues ? scale / Float(positions) : scale)
      return outNorm(h, adding: sequence).reshaped(x.shape)
    case .full(let toOut, let memory, let cosine):
      var qkv = qkv
      if let cosine {
        // Attention divides by the root of the depth.
        qkv = qkv.normalizedOverPositions(channels: 2 * width, scaling: width, by: cosine / scale)
      }
      let h =
        memory.map { attention(qkv, heads: heads, memory: $0.value) }
        ?? attention(qkv, heads: heads, order: .byPart)
      return toOut(FusedInput(h), adding: sequence).reshaped(x.shape)
    }
  }

  func flops(_ pixels: Int) -> Flops {
    let width = toQKV.outFeatures / 3
    var flops = toQKV.flops(pixels: pixels)
    switch form {
    case .linear(let attention, _):
      flops += Flops(total: pixels * width * (attention.depth + toQKV.inFeatures))
    case .full(let toOut, _, _):
      flops += Flops(total: 2 * pixels * pixels * width, attention: 2 * pixels * pixels * width)
      flops += toOut.flops(pixels: pixels)
    }
    return flops
  }
}
