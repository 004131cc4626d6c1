/// Finds the levels of a network from the names of its tensors.
struct ShapeReader {
  /// How blocks form levels.
  struct Layout {
    let levels: Int
    let numResBlocks: Int
    let resblockUpdown: Bool
    let convResample: Bool
  }

  /// The limits on blocks and dimensions, above any real network: a file may claim anything.
  private static let mostBlocks = 4096
  private static let largestDimension = 1 << 24

  private let shapes: [String: [Int]]
  /// The blocks of each half; an encoder has no output blocks.
  let inputBlocks: Int
  let outputBlocks: Int

  init(_ shapes: [String: [Int]]) throws(ArchitectureError) {
    self.shapes = shapes
    func blocks(_ half: String) -> Int {
      let numbers = shapes.keys.compactMap { name -> Int? in
        let parts = name.split(separator: ".", maxSplits: 2)
        return parts.count == 3 && parts[0] == half ? Int(parts[1]) : nil
      }
      return min(numbers.max() ?? -1, Self.mostBlocks) + 1
    }
    (inputBlocks, outputBlocks) = (blocks("input_blocks"), blocks("output_blocks"))
    let isKnown = shapes.keys.contains { name in
      ["input_blocks.", "output_blocks."].contains { name.hasPrefix($0) }
    }
    if !isKnown { throw .otherNetwork }
    guard inputBlocks <= Self.mostBlocks, outputBlocks <= Self.mostBlocks else {
      throw .blocks(input: inputBlocks, output: outputBlocks)
    }
  }

  func shape(_ name: String) throws(ArchitectureError) -> [Int] {
    guard let shape = shapes[name] else { throw .missing(name: name) }
    return shape
  }

  /// A dimension of a tensor, checked to be at least 1.
  func dimension(_ index: Int, of name: String) throws(ArchitectureError) -> Int {
    let shape = try shape(name)
    guard index < shape.count, (1...Self.largestDimension).contains(shape[index]) else {
      throw .shape(name: name, shape: shape)
    }
    return shape[index]
  }

  /// The side of the attention pooling's input. Its embedding has a square of positions, and their mean.
  func pooledSide() throws(ArchitectureError) -> Int {
    let name = "out.2.positional_embedding"
    let positions = try dimension(1, of: name) - 1
    let side = Int(Double(max(0, positions)).squareRoot().rounded())
    guard side > 0, side <= 4096, side * side == positions else { throw .shape(name: name, shape: try shape(name)) }
    return side
  }

  /// The levels, found from the numbers of blocks and from where the resolution changes. L levels of n residual blocks
  /// have 1 + L·(n + 1) - 1 input blocks, where each level but the lowest ends with a downsampling block, and L·(n + 1)
  /// output blocks.
  func layout() throws(ArchitectureError) -> Layout {
    let hasConvolutions = (0..<inputBlocks).contains { shapes["input_blocks.\($0).0.op.weight"] != nil }
    if outputBlocks == 0 { return try encoderLayout(hasConvolutions: hasConvolutions) }
    let updown = (0..<outputBlocks).count { block in
      [1, 2].contains { shapes["output_blocks.\(block).\($0).in_layers.0.weight"] != nil }
    }
    let halvings = updown > 0 ? updown : hasConvolutions ? convolutions : gaps
    let levels = halvings + 1
    guard outputBlocks % levels == 0, outputBlocks / levels >= 2, inputBlocks == outputBlocks else {
      throw .blocks(input: inputBlocks, output: outputBlocks)
    }
    return Layout(
      levels: levels, numResBlocks: outputBlocks / levels - 1, resblockUpdown: updown > 0,
      convResample: hasConvolutions || updown > 0 || levels == 1)
  }

  private var convolutions: Int { (0..<inputBlocks).count { shapes["input_blocks.\($0).0.op.weight"] != nil } }

  /// The number of blocks without tensors: resampling without learned weights.
  private var gaps: Int {
    let prefixes = Set(
      shapes.keys.compactMap { name in
        name.hasPrefix("input_blocks.") ? name.split(separator: ".", maxSplits: 2).dropFirst().first : nil
      })
    return (0..<inputBlocks).count { !prefixes.contains("\($0)") }
  }

  /// The levels of an encoder. Without an upsampling half, downsampling residual blocks look like any others. But the
  /// width changes only after them, and they have no attention.
  private func encoderLayout(hasConvolutions: Bool) throws(ArchitectureError) -> Layout {
    if hasConvolutions || gaps > 0 {
      let levels = (hasConvolutions ? convolutions : gaps) + 1
      guard inputBlocks % levels == 0, inputBlocks / levels >= 2 else { throw .blocks(input: inputBlocks, output: 0) }
      return Layout(
        levels: levels, numResBlocks: inputBlocks / levels - 1, resblockUpdown: false, convResample: hasConvolutions)
    }
    for levels in 1...max(1, inputBlocks / 2) where inputBlocks % levels == 0 && fits(inputBlocks / levels) {
      return Layout(
        levels: levels, numResBlocks: inputBlocks / levels - 1, resblockUpdown: levels > 1, convResample: true)
    }
    throw .blocks(input: inputBlocks, output: 0)
  }

  /// Whether levels of `blocks` blocks, the last of which downsamples, explain where there is attention and where the
  /// width changes.
  private func fits(_ blocks: Int) -> Bool {
    guard blocks >= 2 else { return false }
    return (1..<inputBlocks).allSatisfy { block in
      let place = (block - 1) % blocks
      let hasAttention = shapes["input_blocks.\(block).1.qkv.weight"] != nil
      let changesWidth = shapes["input_blocks.\(block).0.skip_connection.weight"] != nil
      let levelHasAttention = shapes["input_blocks.\(block - place).1.qkv.weight"] != nil
      let halves = place == blocks - 1
      return (!changesWidth || place == 0) && (hasAttention == (levelHasAttention && !halves))
    }
  }
}
