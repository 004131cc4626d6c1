import TensorCore

// The mixed blocks of Inception v3 (Szegedy et al. 2015, figures 5 to 7) as TensorFlow's graph of 2015-12-05 has them.
// Branches are joined along the channels, in the order in which they are written here. Modules are named as in
// torchvision and as in TensorFlow.

/// A block: `[N, H, W, C]` → `[N, H', W', C']`.
protocol InceptionBlock: Sendable {
  func callAsFunction(_ x: Tensor) -> Tensor
}

/// A chain of convolutions.
private struct Branch: Sendable {
  let layers: [RectifiedConvolution]
  let outChannels: Int

  init(_ layers: RectifiedConvolution...) {
    self.layers = layers
    outChannels = layers.last?.outChannels ?? 0
  }

  /// Writes the output for `x`: the channels of a pixel to `out`, those of the next `stride` floats behind.
  func callAsFunction(_ x: Tensor, into out: UnsafeMutablePointer<Float>, stride: Int) {
    let inner = layers.dropLast().reduce(x) { $1($0) }
    layers.last?(inner, into: out, stride: stride)
  }

  func outputShape(_ shape: [Int]) -> [Int] { layers.reduce(shape) { $1.outputShape($0) } }
}

/// Makes the layers of a block: with stride 1 they keep the size of the picture, otherwise they stay within it.
private struct Layers {
  private let weights: InceptionWeights
  private let block: InceptionWeights.Name

  init(_ weights: InceptionWeights, _ block: InceptionWeights.Name) { (self.weights, self.block) = (weights, block) }

  func callAsFunction(
    _ torchvision: String, _ tensorFlow: String, _ i: Int, _ o: Int, _ height: Int = 1, _ width: Int = 1,
    stride: Int = 1
  ) throws(ScoringError) -> RectifiedConvolution {
    try weights.convolution(
      block.appending(.init(torchvision, tensorFlow)), i, o, kernel: [height, width], stride: stride,
      padding: stride == 1 ? [height / 2, width / 2] : [0, 0])
  }
}

/// The outputs of `branches` for `x`, and then those of `others`, joined.
private func joined(
  _ x: Tensor, _ branches: [Branch], _ others: [(Int, (UnsafeMutablePointer<Float>, Int) -> Void)] = []
) -> Tensor {
  let channels = branches.reduce(0) { $0 + $1.outChannels } + others.reduce(0) { $0 + $1.0 }
  var shape = branches[0].outputShape(x.shape)
  shape[3] = channels
  return Tensor(shape) { out in
    var first = 0
    for branch in branches {
      branch(x, into: out + first, stride: channels)
      first += branch.outChannels
    }
    for (count, write) in others {
      write(out + first, channels)
      first += count
    }
  }
}

/// Means of 3×3 pixels, those beyond the picture left out, and a convolution.
private let means = WindowPooling(.mean, window: 3, stride: 1, padding: 1)
/// Maxima of 3×3 pixels, every other one.
let halvingMaxima = WindowPooling(.maximum, window: 3, stride: 2)

/// `Mixed_5b` to `5d`: 35×35 pixels.
struct InceptionA: InceptionBlock {
  private let branches: [Branch]
  private let pooled: Branch

  init(_ w: InceptionWeights, _ name: InceptionWeights.Name, _ c: Int, pooled: Int) throws(ScoringError) {
    let layer = Layers(w, name)
    branches = [
      Branch(try layer("branch1x1", "conv", c, 64)),
      Branch(
        try layer("branch5x5_1", "tower.conv", c, 48), try layer("branch5x5_2", "tower.conv_1", 48, 64, 5, 5)),
      Branch(
        try layer("branch3x3dbl_1", "tower_1.conv", c, 64),
        try layer("branch3x3dbl_2", "tower_1.conv_1", 64, 96, 3, 3),
        try layer("branch3x3dbl_3", "tower_1.conv_2", 96, 96, 3, 3)),
    ]
    self.pooled = Branch(try layer("branch_pool", "tower_2.conv", c, pooled))
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    joined(x, branches, [(pooled.outChannels, { pooled(means(x), into: $0, stride: $1) })])
  }
}

/// `Mixed_6a`: from 35×35 to 17×17 pixels.
struct InceptionB: InceptionBlock {
  private let branches: [Branch]

  init(_ w: InceptionWeights, _ name: InceptionWeights.Name, _ c: Int) throws(ScoringError) {
    let layer = Layers(w, name)
    branches = [
      Branch(try layer("branch3x3", "conv", c, 384, 3, 3, stride: 2)),
      Branch(
        try layer("branch3x3dbl_1", "tower.conv", c, 64),
        try layer("branch3x3dbl_2", "tower.conv_1", 64, 96, 3, 3),
        try layer("branch3x3dbl_3", "tower.conv_2", 96, 96, 3, 3, stride: 2)),
    ]
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    joined(x, branches, [(x.shape[3], { halvingMaxima(x, into: $0, stride: $1) })])
  }
}

/// `Mixed_6b` to `6e`: 17×17 pixels, with kernels of 7×1 and 1×7.
struct InceptionC: InceptionBlock {
  private let branches: [Branch]
  private let pooled: Branch

  init(_ w: InceptionWeights, _ name: InceptionWeights.Name, narrow n: Int) throws(ScoringError) {
    let c = 768
    let layer = Layers(w, name)
    branches = [
      Branch(try layer("branch1x1", "conv", c, 192)),
      Branch(
        try layer("branch7x7_1", "tower.conv", c, n), try layer("branch7x7_2", "tower.conv_1", n, n, 1, 7),
        try layer("branch7x7_3", "tower.conv_2", n, 192, 7, 1)),
      Branch(
        try layer("branch7x7dbl_1", "tower_1.conv", c, n), try layer("branch7x7dbl_2", "tower_1.conv_1", n, n, 7, 1),
        try layer("branch7x7dbl_3", "tower_1.conv_2", n, n, 1, 7),
        try layer("branch7x7dbl_4", "tower_1.conv_3", n, n, 7, 1),
        try layer("branch7x7dbl_5", "tower_1.conv_4", n, 192, 1, 7)),
    ]
    pooled = Branch(try layer("branch_pool", "tower_2.conv", c, 192))
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    joined(x, branches, [(pooled.outChannels, { pooled(means(x), into: $0, stride: $1) })])
  }
}

/// `Mixed_7a`: from 17×17 to 8×8 pixels.
struct InceptionD: InceptionBlock {
  private let branches: [Branch]

  init(_ w: InceptionWeights, _ name: InceptionWeights.Name, _ c: Int) throws(ScoringError) {
    let layer = Layers(w, name)
    branches = [
      Branch(
        try layer("branch3x3_1", "tower.conv", c, 192),
        try layer("branch3x3_2", "tower.conv_1", 192, 320, 3, 3, stride: 2)
      ),
      Branch(
        try layer("branch7x7x3_1", "tower_1.conv", c, 192),
        try layer("branch7x7x3_2", "tower_1.conv_1", 192, 192, 1, 7),
        try layer("branch7x7x3_3", "tower_1.conv_2", 192, 192, 7, 1),
        try layer("branch7x7x3_4", "tower_1.conv_3", 192, 192, 3, 3, stride: 2)),
    ]
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    joined(x, branches, [(x.shape[3], { halvingMaxima(x, into: $0, stride: $1) })])
  }
}

/// `Mixed_7b` and `7c`: 8×8 pixels, with branches that fork.
struct InceptionE: InceptionBlock {
  private let narrow: Branch
  /// What forks, and the two ends of each fork.
  private let forks: [(stem: Branch, ends: [Branch])]
  private let pooling: WindowPooling
  private let pooled: Branch

  /// - Parameter kind: what the last branch does first: means in `Mixed_7b`, maxima in `7c`, which is a mistake of
  ///   TensorFlow's graph that FID is defined with.
  init(
    _ w: InceptionWeights, _ name: InceptionWeights.Name, _ c: Int, _ kind: WindowPooling.Kind
  ) throws(ScoringError) {
    let layer = Layers(w, name)
    narrow = Branch(try layer("branch1x1", "conv", c, 320))
    forks = [
      (
        Branch(try layer("branch3x3_1", "tower_conv", c, 384)),
        [
          Branch(try layer("branch3x3_2a", "tower_mixed_conv", 384, 384, 1, 3)),
          Branch(try layer("branch3x3_2b", "tower_mixed_conv_1", 384, 384, 3, 1)),
        ]
      ),
      (
        Branch(
          try layer("branch3x3dbl_1", "tower_1_conv", c, 448),
          try layer("branch3x3dbl_2", "tower_1_conv_1", 448, 384, 3, 3)),
        [
          Branch(try layer("branch3x3dbl_3a", "tower_1_mixed_conv", 384, 384, 1, 3)),
          Branch(try layer("branch3x3dbl_3b", "tower_1_mixed_conv_1", 384, 384, 3, 1)),
        ]
      ),
    ]
    pooling = WindowPooling(kind, window: 3, stride: 1, padding: 1)
    pooled = Branch(try layer("branch_pool", "tower_2_conv", c, 192))
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    var others: [(Int, (UnsafeMutablePointer<Float>, Int) -> Void)] = []
    for (stem, ends) in forks {
      let forked = stem.layers.reduce(x) { $1($0) }
      for end in ends { others.append((end.outChannels, { end(forked, into: $0, stride: $1) })) }
    }
    others.append((pooled.outChannels, { pooled(pooling(x), into: $0, stride: $1) }))
    return joined(x, [narrow], others)
  }
}
