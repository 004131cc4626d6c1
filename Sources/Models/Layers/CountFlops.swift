import TensorCore

/// Multiply-adds of a forward pass, counted as the original counts them: convolutions, linear layers and the two matrix
/// products of attention; everything else is negligible beside them.
public struct Flops: Sendable, Equatable {
  /// Multiply-adds of the whole network, attention included.
  public var total = 0
  /// Those of `QKVAttention`: 2·b·T²·c, b being the pictures, T the positions and c the channels.
  public var attention = 0

  /// None yet.
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
