import DiffusionPlatform

/// One noise level of a process: x_t = α·x₀ + σ·ε with ε standard normal (Kingma et al. 2021, "Variational Diffusion
/// Models", eq. 1), and what the network needs to know of it.
public struct NoiseLevel: Sendable, Equatable {
  /// The factor of the picture, above 0; √ᾱ of Ho et al. 2020.
  public let alpha: Double
  /// The standard deviation of the noise, at least 0; √(1 - ᾱ) of Ho et al. 2020.
  public let sigma: Double
  /// What the network is told of this level, on the scale it was trained with: a timestep, or for instance ln σ / 4.
  public let conditioning: Float
  /// The factor that x_t is multiplied by before it enters the network (c_in of Karras et al. 2022, eq. 7); 1 where the
  /// network takes x_t as it is.
  public let inputScale: Float

  /// - Parameters:
  ///   - alpha: α, above 0.
  ///   - sigma: σ, at least 0.
  ///   - conditioning: what the network is told.
  ///   - inputScale: the factor of the network's input.
  public init(alpha: Double, sigma: Double, conditioning: Float, inputScale: Float = 1) {
    self.alpha = alpha
    self.sigma = sigma
    self.conditioning = conditioning
    self.inputScale = inputScale
  }

  /// The picture itself, where every process ends. No network is evaluated there.
  public static let noiseless = NoiseLevel(alpha: 1, sigma: 0, conditioning: 0)

  /// λ = ln(α / σ), half the logarithm of the signal-to-noise ratio (Lu et al. 2022, "DPM-Solver", §3.1); ∞ without
  /// noise.
  public var lambda: Double { log(alpha) - log(sigma) }

  /// σ / α, the standard deviation of the noise in x_t / α: σ of Karras et al. 2022.
  public var relative: Double { sigma / alpha }
}
