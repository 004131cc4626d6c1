import TensorCore

/// x̂₀ of the last evaluation of a network in a batch, which networks with self-conditioning take at the next one (Chen
/// et al. 2022, "Analog Bits", §3.2). `SamplingContext` puts it in, and the denoiser that is made with it takes it out.
///
/// One belongs to one batch, whose steps follow one another.
public final class SelfConditioning {
  /// x̂₀ as it was clipped, before any guidance by a classifier, `[N, C, …]`; nil before the first evaluation.
  public internal(set) var xStart: Tensor?

  /// Nothing is known yet.
  public init() {}
}
