import DiffusionPlatform
import TensorCore

/// A noise level of a process, x_t = α·x₀ + σ·ε with ε standard normal (Kingma et al. 2021, "Variational Diffusion
/// Models", eq. 1), and the network's inputs at that level.
public struct NoiseLevel: Sendable, Equatable {
  /// The scale of the image, above 0; √ᾱ in Ho et al. 2020.
  public let alpha: Double
  /// The standard deviation of the noise, at least 0; √(1 - ᾱ) in Ho et al. 2020.
  public let sigma: Double
  /// The network's conditioning input for this level, on the scale it was trained with: a timestep, or ln σ / 4 for
  /// instance.
  public let conditioning: Float
  /// The factor applied to x_t before it enters the network (c_in in Karras et al. 2022, eq. 7); 1 if the network takes
  /// x_t unscaled.
  public let inputScale: Float
  /// What is added after that: ½ if the network takes images in 0 to 1, while x₀ is in -1 to 1.
  public let inputOffset: Float

  /// - Parameters:
  ///   - alpha: α, above 0.
  ///   - sigma: σ, at least 0.
  ///   - conditioning: the network's conditioning input for this level.
  ///   - inputScale: the factor applied to the network's input.
  ///   - inputOffset: what is added to the network's input after that.
  public init(alpha: Double, sigma: Double, conditioning: Float, inputScale: Float = 1, inputOffset: Float = 0) {
    self.alpha = alpha
    self.sigma = sigma
    self.conditioning = conditioning
    self.inputScale = inputScale
    self.inputOffset = inputOffset
  }

  /// The noiseless image, where every process ends. The network is not evaluated there.
  public static let noiseless = NoiseLevel(alpha: 1, sigma: 0, conditioning: 0)

  /// λ = ln(α / σ), half the log signal-to-noise ratio (Lu et al. 2022, "DPM-Solver", §3.1); ∞ without noise.
  public var lambda: Double { log(alpha) - log(sigma) }

  /// σ / α, the standard deviation of the noise in x_t / α: σ in Karras et al. 2022.
  public var relative: Double { sigma / alpha }

  /// What the network takes for images `x`, of any shape, at this level.
  public func input(_ x: Tensor) -> Tensor {
    let (scale, offset) = (inputScale, inputOffset)
    if offset != 0 { return x.map { scale * $0 + offset } }
    return scale == 1 ? x : x.map { scale * $0 }
  }
}
