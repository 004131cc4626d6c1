import TensorCore

/// The Inception v3 that FID is defined with (Heusel et al. 2017): TensorFlow's graph of 2015-12-05, as pytorch-fid and
/// NVIDIA carried it over to PyTorch.
public struct InceptionNetwork: Sendable {
  /// The side of the pictures that it takes.
  public static let side = 299
  /// The numbers of pool features, spatial features and classes.
  public static let (poolFeatures, spatialFeatures, classes) = (2048, 2023, 1008)

  /// What it says of N pictures.
  public struct Features: Sendable {
    /// `[N, 2048]`: `pool_3`, the mean of each channel of the last block.
    public let pool: Tensor
    /// `[N, 2023]`: the first 7 channels of `mixed_6/conv`, 17×17 pixels, channels last, as guided-diffusion's
    /// evaluator flattens them for sFID (Nash et al. 2021).
    public let spatial: Tensor
    /// `[N, 1008]`: the last layer without its bias, whose softmax the Inception Score is computed from; nil if the
    /// file had no last layer.
    public let logits: Tensor?
  }

  private let stem: [RectifiedConvolution]
  private let second: [RectifiedConvolution]
  /// The blocks up to the one that the spatial features are taken from, and those behind it.
  private let blocks: (first: [any InceptionBlock], last: [any InceptionBlock])
  private let lastLayer: Linear?

  /// Whether the file had the last layer, which the Inception Score needs.
  public var hasLogits: Bool { lastLayer != nil }

  /// Reads the network from pytorch-fid's `.pth`, a safetensors file with tensors of the same names, or a TorchScript
  /// archive with those of NVIDIA's `inception-2015-12-05.pt`. Nothing in the file is executed.
  ///
  /// - Throws: `ScoringError` if the file cannot be read, is not Inception v3, or lacks a tensor.
  public init(path: String) throws(ScoringError) {
    try self.init(try InceptionWeights(path: path))
  }

  /// The network of the tensors `w`.
  ///
  /// - Throws: `ScoringError`.
  init(_ w: InceptionWeights) throws(ScoringError) {
    typealias Name = InceptionWeights.Name
    stem = [
      try w.convolution(Name("Conv2d_1a_3x3", "conv"), 3, 32, kernel: [3, 3], stride: 2),
      try w.convolution(Name("Conv2d_2a_3x3", "conv_1"), 32, 32, kernel: [3, 3]),
      try w.convolution(Name("Conv2d_2b_3x3", "conv_2"), 32, 64, kernel: [3, 3], padding: [1, 1]),
    ]
    second = [
      try w.convolution(Name("Conv2d_3b_1x1", "conv_3"), 64, 80),
      try w.convolution(Name("Conv2d_4a_3x3", "conv_4"), 80, 192, kernel: [3, 3]),
    ]
    blocks = (
      [
        try InceptionA(w, Name("Mixed_5b", "mixed"), 192, pooled: 32),
        try InceptionA(w, Name("Mixed_5c", "mixed_1"), 256, pooled: 64),
        try InceptionA(w, Name("Mixed_5d", "mixed_2"), 288, pooled: 64),
        try InceptionB(w, Name("Mixed_6a", "mixed_3"), 288),
        try InceptionC(w, Name("Mixed_6b", "mixed_4"), narrow: 128),
        try InceptionC(w, Name("Mixed_6c", "mixed_5"), narrow: 160),
        try InceptionC(w, Name("Mixed_6d", "mixed_6"), narrow: 160),
      ],
      [
        try InceptionC(w, Name("Mixed_6e", "mixed_7"), narrow: 192),
        try InceptionD(w, Name("Mixed_7a", "mixed_8"), 768),
        try InceptionE(w, Name("Mixed_7b", "mixed_9"), 1280, .mean),
        try InceptionE(w, Name("Mixed_7c", "mixed_10"), 2048, .maximum),
      ]
    )
    lastLayer = try w.lastLayer().map { Linear(weight: $0, bias: Tensor(zeros: [Self.classes])) }
  }

  /// The features of `pictures`, `[N, 299, 299, 3]` (channels last) with values from -1 to 1, as `InceptionResizing`
  /// makes them.
  public func callAsFunction(_ pictures: Tensor) -> Features {
    precondition(
      Array(pictures.shape.dropFirst()) == [Self.side, Self.side, 3],
      "Inception v3 takes pictures [N, 299, 299, 3], not \(pictures.shape)")
    var x = stem.reduce(pictures) { $1($0) }
    x = halvingMaxima(x)
    x = second.reduce(x) { $1($0) }
    x = halvingMaxima(x)
    x = blocks.first.reduce(x) { $1($0) }
    let spatial = Self.spatialFeatures(x)
    x = blocks.last.reduce(x) { $1($0) }
    let pool = x.spatialMean()
    return Features(pool: pool, spatial: spatial, logits: lastLayer.map { $0(pool) })
  }

  /// The first seven channels, which are those of the block's first branch.
  private static func spatialFeatures(_ x: Tensor) -> Tensor {
    let (pixels, channels, kept) = (x.shape[1] * x.shape[2], x.shape[3], 7)
    return x.withUnsafePointer { source in
      Tensor([x.shape[0], pixels * kept]) { out in
        for pixel in 0..<x.shape[0] * pixels {
          for c in 0..<kept { out[pixel * kept + c] = source[pixel * channels + c] }
        }
      }
    }
  }
}
