import TensorCore

/// Layers in sequence. The timestep embedding is passed to those that take one.
public struct TimestepEmbedSequential: Sendable {
  /// One of the layers.
  public enum Child: Sendable {
    /// A layer that takes only the activation.
    case layer(any Layer)
    /// Attention, whose heads can be changed (`withAttention`).
    case attention(AttentionBlock)
    /// A layer that also takes the timestep embedding.
    case timestepBlock(any TimestepBlock)
  }

  let children: [Child]

  /// The given layers, first to last.
  public init(_ children: [Child]) { self.children = children }

  /// Each timestep block's projection of the embeddings `[N, timeEmbedDim]`, first to last.
  func project(_ emb: Tensor) -> [Tensor] {
    children.compactMap { child in
      if case .timestepBlock(let block) = child { block.project(emb) } else { nil }
    }
  }

  /// The output of the last layer, given the result of `project`.
  func callAsFunction(_ x: FusedInput, _ projections: [Tensor]) -> Tensor {
    var input = x
    var projections = projections[...]
    for child in children {
      switch child {
      case .layer(let layer): input = FusedInput(layer(input.tensor()))
      case .attention(let block): input = FusedInput(block(input.tensor()))
      case .timestepBlock(let block): input = FusedInput(block(input, projections.removeFirst()))
      }
    }
    return input.tensor()
  }

  /// The same layers, with the attention heads and order of `configuration`.
  func withAttention(_ configuration: UNetConfiguration, ascending: Bool) -> TimestepEmbedSequential {
    TimestepEmbedSequential(
      children.map { child in
        guard case .attention(var block) = child else { return child }
        block.attention = QKVAttention(
          heads: configuration.heads(channels: block.qkv.inFeatures, ascending: ascending),
          order: configuration.attentionOrder, scale: configuration.attentionScale)
        return .attention(block)
      })
  }

  /// The sum of all layers' multiply-adds.
  func countFlops(_ size: inout [Int]) -> Flops {
    var flops = Flops()
    for child in children {
      switch child {
      case .layer(let layer): flops += layer.countFlops(&size)
      case .attention(let block): flops += block.countFlops(&size)
      case .timestepBlock(let block): flops += block.countFlops(&size)
      }
    }
    return flops
  }
}
