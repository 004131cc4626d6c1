import DiffusionPlatform

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

  /// - Parameters:
  ///   - alpha: α, above 0.
  ///   - sigma: σ, at least 0.
  ///   - conditioning: the network's conditioning input for this level.
  ///   - inputScale: the factor applied to the network's input.
  public init(alpha: Double, sigma: Double, conditioning: Float, inputScale: Float = 1) {
    self.alpha = alpha
    self.sigma = sigma
    self.conditioning = conditioning
    self.inputScale = inputScale
  }

  /// The noiseless image, where every process ends. The network is not evaluated there.
  public static let noiseless = NoiseLevel(alpha: 1, sigma: 0, conditioning: 0)

  /// λ = ln(α / σ), half the log signal-to-noise ratio (Lu et al. 2022, "DPM-Solver", §3.1); ∞ without noise.
  public var lambda: Double { log(alpha) - log(sigma) }

  /// σ / α, the standard deviation of the noise in x_t / α: σ in Karras et al. 2022.
  public var relative: Double { sigma / alpha }
}
