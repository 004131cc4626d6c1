import TensorCore

/// What a network was trained to predict, and how to compute x̂₀, the expected image, from its output.
///
/// A parameterization does not depend on the step: everything it needs is in the noise level.
public protocol Parameterization: Sendable {
  /// A short name, as in configurations: `"epsilon"`.
  var name: String { get }

  /// x̂₀ from the network's output.
  ///
  /// - Parameters:
  ///   - output: the network's output without variance channels, `[N, C, …]`.
  ///   - x: x_t, not scaled for the network, of the same shape.
  ///   - level: the level of x_t, with σ above 0.
  /// - Returns: x̂₀, not clipped, of the same shape.
  func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor
}

/// The network predicts the noise ε (Ho et al. 2020, §3.2): x̂₀ = (x_t - σ·ε) / α (eq. 15).
public struct EpsilonParameterization: Parameterization {
  /// `"epsilon"`.
  public let name = "epsilon"

  /// Creates the parameterization.
  public init() {}

  /// (x_t - σ·ε) / α in float32, with both factors rounded once.
  public func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor {
    let (ofX, ofEpsilon) = (Float(1 / level.alpha), Float(level.relative))
    return x.zip(output) { ofX * $0 - ofEpsilon * $1 }
  }
}

/// The network predicts the image x₀ itself (Ho et al. 2020, §3.2; Salimans & Ho 2022, "Progressive Distillation", §4).
public struct XStartParameterization: Parameterization {
  /// `"xstart"`.
  public let name = "xstart"

  /// Creates the parameterization.
  public init() {}

  /// The network's output, unchanged.
  public func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor { output }
}

/// The network predicts the velocity v = α·ε - σ·x₀ (Salimans & Ho 2022, "Progressive Distillation", appendix D):
/// x̂₀ = α·x_t - σ·v, for processes with α² + σ² = 1.
public struct VelocityParameterization: Parameterization {
  /// `"v"`.
  public let name = "v"

  /// Creates the parameterization.
  public init() {}

  /// α·x_t - σ·v.
  public func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor {
    let (ofX, ofVelocity) = (Float(level.alpha), Float(level.sigma))
    return x.zip(output) { ofX * $0 - ofVelocity * $1 }
  }
}
