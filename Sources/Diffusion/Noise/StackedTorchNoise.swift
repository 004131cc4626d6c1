import TensorCore

/// Noise drawn from a generator of PyTorch's for each image, as by EDM's `StackedRandomGenerator`: x_T in float32, then
/// the image's class, then the noise of the steps in float64. An image does not depend on those drawn with it.
public struct StackedTorchNoise: NoiseSource, Sendable {
  private var generators: [TorchGenerator]
  private let shape: [Int]
  private var drawsStart = true

  /// The generators of `images`, each seeded with `seed` plus the image's number, which draw noise of `shape`
  /// `[C, H, W]`.
  public init(seed: UInt64, images: [Int], shape: [Int]) {
    generators = images.map { TorchGenerator(seed: seed &+ UInt64($0)) }
    self.shape = shape
  }

  /// The next draw of each generator, `[N, C, H, W]`.
  public mutating func next() -> Tensor {
    let count = shape.reduce(1, *)
    var values: [Float] = []
    values.reserveCapacity(generators.count * count)
    for i in generators.indices {
      values += drawsStart ? generators[i].randn(count) : generators[i].randnDouble(count).map(Float.init)
    }
    drawsStart = false
    return Tensor([generators.count] + shape, values)
  }

  /// Draws nothing: the original draws only what it uses, and x_T is the only draw that can be given.
  public mutating func skip() { drawsStart = false }

  /// `torch.randint(count, [])` of each generator: the images' classes.
  public mutating func classes(of count: Int) -> [Int] {
    generators.indices.map { generators[$0].randint(0, count, 1)[0] }
  }
}
