import TensorCore

/// Multiply-adds of a forward pass, counted as in the original: convolutions, linear layers and the two matrix products
/// of attention. Everything else is negligible.
public struct Flops: Sendable, Equatable {
  /// Multiply-adds of the whole network, including attention.
  public var total = 0
  /// Multiply-adds of `QKVAttention`: 2·b·T²·c for b pictures, T positions and c channels.
  public var attention = 0

  /// The given counts.
  public init(total: Int = 0, attention: Int = 0) {
    self.total = total
    self.attention = attention
  }

  static func += (a: inout Flops, b: Flops) {
    a.total += b.total
    a.attention += b.attention
  }

  static func * (flops: Flops, factor: Int) -> Flops {
    Flops(total: flops.total * factor, attention: flops.attention * factor)
  }
}

extension UNetModel {
  /// The multiply-adds of one forward pass over `batch` pictures of spatial size `size`, for instance `[28, 28]`.
  public func countFlops(batch: Int, size: [Int]) -> Flops {
    var flops = timeEmbed.countFlops()
    var size = size
    for block in inputBlocks { flops += block.countFlops(&size) }
    flops += middleBlock.countFlops(&size)
    for block in outputBlocks { flops += block.countFlops(&size) }
    flops += out2.countFlops(&size)
    return flops * batch
  }
}

extension Linear {
  func flops(pixels: Int) -> Flops { Flops(total: inFeatures * outFeatures * pixels) }
}
