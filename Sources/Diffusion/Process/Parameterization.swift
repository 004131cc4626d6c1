import TensorCore

/// What a network was trained to predict, and so how x̂₀, the expected picture, follows from its answer.
///
/// A parameterization knows nothing of steps: everything that it needs stands in the noise level.
public protocol Parameterization: Sendable {
  /// A short name, as configurations spell it: `"epsilon"`.
  var name: String { get }

  /// x̂₀ from the network's answer.
  ///
  /// - Parameters:
  ///   - output: the network's answer, without the channels of a predicted variance, `[N, C, …]`.
  ///   - x: x_t, not scaled for the network, of the same shape.
  ///   - level: the level of x_t; its σ is above 0.
  /// - Returns: x̂₀, not clipped, of the same shape.
  func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor
}

/// The network predicts the noise, ε (Ho et al. 2020, §3.2): x̂₀ = (x_t - σ·ε) / α (eq. 15).
public struct EpsilonParameterization: Parameterization {
  /// `"epsilon"`.
  public let name = "epsilon"

  /// It has no settings.
  public init() {}

  /// (x_t - σ·ε) / α, in float32 with both factors rounded once.
  public func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor {
    let (ofX, ofEpsilon) = (Float(1 / level.alpha), Float(level.relative))
    return x.zip(output) { ofX * $0 - ofEpsilon * $1 }
  }
}

/// The network predicts the picture, x₀, itself (Ho et al. 2020, §3.2; Salimans & Ho 2022, "Progressive Distillation",
/// §4).
public struct XStartParameterization: Parameterization {
  /// `"xstart"`.
  public let name = "xstart"

  /// It has no settings.
  public init() {}

  /// The answer as it is.
  public func xStart(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor { output }
}
