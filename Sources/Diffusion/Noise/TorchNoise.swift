import TensorCore

/// Noise as the original's sampling loops draw it from PyTorch's generator: `randn(shape)` for a whole batch, then
/// `randn_like` at every step, even where it is multiplied by zero; or, as diffusers' pipelines do, only where it is
/// not.
///
/// An image depends on the whole batch it is drawn in. A last batch with fewer images takes the first ones of a full
/// draw, as `image_sample.py` throws the rest away.
public struct TorchNoise: NoiseSource, Sendable {
  /// The generator, to go on with after the last draw.
  public private(set) var generator: TorchGenerator
  private let drawn: [Int]
  private let kept: Int
  private let drawsSkipped: Bool

  /// Draws for a batch of `batch` images of `shape` `[C, H, W]`, of which the first `kept` are used; also, with
  /// `drawsSkipped`, where a sampler needs nothing.
  public init(generator: TorchGenerator, batch: Int, kept: Int, shape: [Int], drawsSkipped: Bool = true) {
    precondition(kept <= batch, "\(kept) images cannot be kept of \(batch)")
    self.generator = generator
    self.kept = kept
    self.drawsSkipped = drawsSkipped
    drawn = [batch] + shape
  }

  /// The first images of a full draw, `[kept, C, H, W]`.
  public mutating func next() -> Tensor {
    let all = Tensor(drawn, generator.randn(drawn.reduce(1, *)))
    return kept == drawn[0] ? all : all.rows(0..<kept)
  }

  /// Draws all the same, if that is how it is done.
  public mutating func skip() {
    if drawsSkipped { _ = generator.randn(drawn.reduce(1, *)) }
  }
}
