/// A level of a UNet: the blocks at one resolution, in both halves. The lowest level includes the middle block.
public struct Level: Sendable, Equatable {
  /// The number of times that the image has been halved.
  public let index: Int
  /// The number of channels.
  public let width: Int
  /// The number of attention heads; nil if residual blocks are not followed by attention.
  public let heads: Int?
  /// The parameters of its blocks.
  public var parameters = 0
  /// The multiply-adds of its blocks for one image.
  public var multiplyAdds = 0
}

extension UNetConfiguration {
  /// The levels, from highest to lowest resolution, without the layers that belong to none: the embeddings, and the
  /// first and last convolution.
  ///
  /// - Parameters:
  ///   - shapes: the network's tensor shapes by name.
  ///   - size: the spatial size of an image, for instance `[32, 32]`.
  ///   - unet: a network of this configuration, to count its multiply-adds;
  ///     nil for a classifier, which is not counted by level.
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

  /// Nil for the first convolution. A downsampling block counts towards the level above.
  private func level(ofInputBlock block: Int) -> Int? {
    block == 0 ? nil : min((block - 1) / (numResBlocks + 1), channelMult.count - 1)
  }

  private func level(ofOutputBlock block: Int) -> Int {
    max(0, channelMult.count - 1 - block / (numResBlocks + 1))
  }
}
