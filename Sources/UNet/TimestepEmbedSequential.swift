import TensorCore

/// Layers in sequence, the timestep embedding being passed to those that take one.
public struct TimestepEmbedSequential: TimestepBlock {
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

  /// What the last layer puts out.
  public func callAsFunction(_ x: LayerInput, _ emb: Tensor) -> Tensor {
    var input = x
    for child in children {
      switch child {
      case .layer(let layer): input = LayerInput(layer(input.tensor()))
      case .timestepBlock(let block): input = LayerInput(block(input, emb))
      }
    }
    return input.tensor()
  }

  /// The sum over the layers.
  public func countFlops(_ size: inout [Int]) -> Flops {
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
