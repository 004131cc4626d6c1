/// One level of a UNet: the blocks at one resolution, of both halves; the lowest has the middle too.
public struct Level: Sendable, Equatable {
  /// How often the picture has been halved there.
  public let index: Int
  /// Channels.
  public let width: Int
  /// Attention heads, where there is attention behind each residual block.
  public let heads: Int?
  /// Parameters of its blocks.
  public var parameters = 0
  /// Multiply-adds of its blocks for one picture.
  public var multiplyAdds = 0
}

extension UNetConfiguration {
  /// The levels, from the highest resolution to the lowest, without what belongs to none: the embeddings, the first and the last
  /// convolution.
  ///
  /// - Parameters:
  ///   - shapes: the network's tensors by name.
  ///   - size: the spatial size of a picture, for instance `[32, 32]`.
  ///   - unet: a network of this configuration, for its arithmetic; nil for a classifier, whose is not told by levels.
  public func levels(_ shapes: [String: [Int]], size: [Int], unet: UNetModel?) -> [Level] {
    var levels = channelMult.indices.map { level in
      Level(
        index: level, width: width(level), heads: hasAttention(level) ? heads(channels: width(level)) : nil)
    }
    for (name, shape) in shapes {
      if let level = level(ofTensor: name) { levels[level].parameters += shape.reduce(1, *) }
    }
    guard let unet else { return levels }
    var size = size
    for (block, layers) in unet.inputBlocks.enumerated() {
      let flops = layers.countFlops(&size)
      if let level = level(ofInputBlock: block) { levels[level].multiplyAdds += flops.total }
    }
    levels[levels.count - 1].multiplyAdds += unet.middleBlock.countFlops(&size).total
    for (block, layers) in unet.outputBlocks.enumerated() {
      levels[level(ofOutputBlock: block)].multiplyAdds += layers.countFlops(&size).total
    }
    return levels
  }

  private func level(ofTensor name: String) -> Int? {
    let parts = name.split(separator: ".", maxSplits: 2)
    guard parts.count == 3 else { return nil }
    switch (parts[0], Int(parts[1])) {
    case ("input_blocks", let block?): return level(ofInputBlock: block)
    case ("middle_block", _): return channelMult.count - 1
    case ("output_blocks", let block?): return level(ofOutputBlock: block)
    default: return nil
    }
  }

  /// None for the first convolution. What halves the picture counts as of the level above.
  private func level(ofInputBlock block: Int) -> Int? {
    block == 0 ? nil : min((block - 1) / (numResBlocks + 1), channelMult.count - 1)
  }

  private func level(ofOutputBlock block: Int) -> Int {
    max(0, channelMult.count - 1 - block / (numResBlocks + 1))
  }
}
