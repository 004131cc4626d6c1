import TensorCore

/// Noise as the original's sampling loops draw it from PyTorch's generator: `randn(shape)` for a whole batch, then
/// `randn_like` at every step, even where it is multiplied by zero.
///
/// An image depends on the whole batch it is drawn in. A last batch with fewer images takes the first ones of a full draw, as
/// `image_sample.py` throws the rest away.
public struct TorchNoise: NoiseSource, Sendable {
  /// The generator, to go on with after the last draw.
  public private(set) var generator: TorchGenerator
  private let drawn: [Int]
  private let kept: Int

  /// Draws for a batch of `batch` images of `shape` `[C, H, W]`, of which the first `kept` are used.
  public init(generator: TorchGenerator, batch: Int, kept: Int, shape: [Int]) {
    precondition(kept <= batch, "\(kept) images cannot be kept of \(batch)")
    self.generator = generator
    self.kept = kept
    drawn = [batch] + shape
  }

  /// The first images of a full draw, `[kept, C, H, W]`.
  public mutating func next() -> Tensor {
    let all = Tensor(drawn, generator.randn(drawn.reduce(1, *)))
    return kept == drawn[0] ? all : all.rows(0..<kept)
  }

  /// Draws all the same, as the original does.
  public mutating func skip() { _ = generator.randn(drawn.reduce(1, *)) }
}
