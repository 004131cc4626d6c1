import DiffusionPlatform
import TensorCore

/// How a picture stands at a step: x = α·x₀ + σ·ε (Kingma et al. 2021).
struct NoiseLevel {
  /// √ᾱ.
  let alpha: Double
  /// √(1 - ᾱ).
  let sigma: Double

  /// λ = ln(α / σ), half the logarithm of the signal-to-noise ratio; ∞ without noise.
  var lambda: Double { log(alpha) - log(sigma) }

  /// σ / α, the noise that x / α has (σ of Karras et al. 2022).
  var relative: Double { sigma / alpha }
}

extension GaussianDiffusion {
  /// The level of step `i`; -1 is the picture without noise.
  func level(_ i: Int) -> NoiseLevel {
    guard i >= 0 else { return NoiseLevel(alpha: 1, sigma: 0) }
    return NoiseLevel(alpha: alphasCumprod[i].squareRoot(), sigma: (1 - alphasCumprod[i]).squareRoot())
  }
}

/// Σ factor · tensor, for tensors of one shape, added up in this order.
func sum(_ first: (factor: Double, tensor: Tensor), _ others: (factor: Double, tensor: Tensor)...) -> Tensor {
  let factor = Float(first.factor)
  var sum = first.tensor.map { factor * $0 }
  for term in others {
    let factor = Float(term.factor)
    sum = sum.zip(term.tensor) { $0 + factor * $1 }
  }
  return sum
}
