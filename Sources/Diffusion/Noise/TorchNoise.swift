import TensorCore

/// Noise drawn from PyTorch's generator as in the original's sampling loops: `randn(shape)` for a whole batch, then
/// `randn_like` at every step, even where it is multiplied by zero. Or, as in diffusers' pipelines, only where it is
/// used.
///
/// An image depends on the whole batch it is drawn in. A smaller last batch takes the first images of a full draw,
/// because `image_sample.py` discards the rest.
public struct TorchNoise: NoiseSource, Sendable {
  /// The generator, ready for the next draw.
  public private(set) var generator: TorchGenerator
  private let drawn: [Int]
  private let kept: Int
  private let drawsSkipped: Bool

  /// Draws noise for a batch of `batch` images of `shape` `[C, H, W]` and uses that of the first `kept`. With
  /// `drawsSkipped`, also draws the noise that a sampler skips.
  public init(generator: TorchGenerator, batch: Int, kept: Int, shape: [Int], drawsSkipped: Bool = true) {
    precondition(kept <= batch, "\(kept) images cannot be kept of \(batch)")
    self.generator = generator
    self.kept = kept
    self.drawsSkipped = drawsSkipped
    drawn = [batch] + shape
  }

  /// The first `kept` images of a full draw, `[kept, C, H, W]`.
  public mutating func next() -> Tensor {
    let all = Tensor(drawn, generator.randn(drawn.reduce(1, *)))
    return kept == drawn[0] ? all : all.rows(0..<kept)
  }

  /// Draws and discards noise if `drawsSkipped` was set.
  public mutating func skip() {
    if drawsSkipped { _ = generator.randn(drawn.reduce(1, *)) }
  }
}
