import TensorCore

/// A source of standard normal noise for one batch. Its draws are numbered: first x_T, then those of the steps, as
/// `SamplingLoop` counts them.
public protocol NoiseSource {
  /// The next draw, `[N, C, …]`.
  mutating func next() -> Tensor

  /// Passes over a draw that nobody needs, so that the ones after it keep their numbers.
  mutating func skip()
}
