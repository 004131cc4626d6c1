import DiffusionCore
import DiffusionPlatform
import TensorCore

/// The variant of sinusoidal timestep embeddings; by default that of the original.
public struct TimestepEmbedding: Sendable, Equatable {
  /// The shift in the frequencies' exponent, i / (half - shift) (diffusers' `freq_shift`): 0, or 1 for a last frequency
  /// of exactly 1/10000.
  public var frequencyShift = 0.0
  /// Whether sines come before cosines (diffusers' `flip_sin_to_cos: false`).
  public var sinesFirst = false

  /// The original's variant.
  public init() {}

  /// Sinusoidal embeddings of timesteps (Vaswani et al. 2017, §3.5): the cosines of t·ωᵢ and then the sines, with
  /// ωᵢ = 10000^(-i / (half - shift)), half = ⌊dim / 2⌋; an odd dimension ends in a zero.
  ///
  /// - Parameters:
  ///   - timesteps: `[N]`; may be fractional.
  ///   - dim: the dimension of the embedding.
  /// - Returns: `[N, dim]`.
  public func callAsFunction(_ timesteps: [Float], dim: Int) -> Tensor {
    precondition(dim >= 2, "an embedding of dimension \(dim) holds nothing")
    let half = dim / 2
    // Rounded to float32 at the same points as the original: the last bit of a frequency, times t = 1000, shows in the
    // result.
    let frequencies = (0..<half).map { i in
      Float(exp(Double(-Float(log(10_000.0)) * Float(i) / Float(Double(half) - frequencyShift))))
    }
    let (cosines, sines) = sinesFirst ? (half, 0) : (0, half)
    var values = [Float](repeating: 0, count: timesteps.count * dim)
    for (n, t) in timesteps.enumerated() {
      for (i, frequency) in frequencies.enumerated() {
        let angle = Double(t * frequency)
        values[n * dim + cosines + i] = Float(cos(angle))
        values[n * dim + sines + i] = Float(sin(angle))
      }
    }
    return Tensor([timesteps.count, dim], values)
  }
}
