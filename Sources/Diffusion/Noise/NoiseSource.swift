import TensorCore

/// A source of standard normal noise for one batch. Draws are numbered: first x_T, then the noise of the steps, in the
/// order of `SamplingLoop`.
public protocol NoiseSource {
  /// The next draw, `[N, C, …]`.
  mutating func next() -> Tensor

  /// Skips an unused draw, so that later draws keep their numbers.
  mutating func skip()
}
