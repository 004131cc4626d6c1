import TensorCore

/// Layers in sequence, the timestep embedding being passed to those that take one.
public struct TimestepEmbedSequential: Sendable {
  /// A layer of either kind.
  public enum Child: Sendable {
    /// One that takes the activation only.
    case layer(any Layer)
    /// One that takes the timestep embedding too.
    case timestepBlock(any TimestepBlock)
  }

  let children: [Child]

  /// The given layers, first to last.
  public init(_ children: [Child]) { self.children = children }

  /// What each of the timestep blocks makes of the embeddings `[N, timeEmbedDim]`, first to last.
  func project(_ emb: Tensor) -> [Tensor] {
    children.compactMap { child in
      if case .timestepBlock(let block) = child { block.project(emb) } else { nil }
    }
  }

  /// What the last layer puts out, given what `project` returned.
  func callAsFunction(_ x: FusedInput, _ projections: [Tensor]) -> Tensor {
    var input = x
    var projections = projections[...]
    for child in children {
      switch child {
      case .layer(let layer): input = FusedInput(layer(input.tensor()))
      case .timestepBlock(let block): input = FusedInput(block(input, projections.removeFirst()))
      }
    }
    return input.tensor()
  }

  /// The same layers, attention with the heads and the order of `configuration`.
  func withAttention(_ configuration: UNetConfiguration, ascending: Bool) -> TimestepEmbedSequential {
    TimestepEmbedSequential(
      children.map { child in
        guard case .layer(let layer) = child, var block = layer as? AttentionBlock else { return child }
        block.attention = QKVAttention(
          heads: configuration.heads(channels: block.qkv.inFeatures, ascending: ascending),
          order: configuration.attentionOrder)
        return .layer(block)
      })
  }

  /// The sum over the layers.
  func countFlops(_ size: inout [Int]) -> Flops {
    var flops = Flops()
    for child in children {
      switch child {
      case .layer(let layer): flops += layer.countFlops(&size)
      case .timestepBlock(let block): flops += block.countFlops(&size)
      }
    }
    return flops
  }
}
