import DiffusionPlatform
import TensorCore

/// A diffusion process as samplers see it: a table of noise levels, and what the network predicts at them.
///
/// Solvers work with x̂₀ and levels alone, so a process that gives its levels and its parameterization can be sampled
/// by all of them. The methods with a default follow from those two; a process overrides them only to keep the rounding
/// of the code that it reproduces.
public protocol NoiseProcess: Sendable {
  /// The number of steps, at least 1. Step `count - 1` is denoised first, step 0 last.
  var count: Int { get }

  /// The level of step `i`, in `-1 ..< count`; -1 is the picture without noise (`NoiseLevel.noiseless`). σ / α rises
  /// with `i`.
  func level(_ i: Int) -> NoiseLevel

  /// The timestep of the original process that step `i`, in `0 ..< count`, is at. It is shown to people only: what the
  /// network is told is the level's `conditioning`.
  func timestep(_ i: Int) -> Double

  /// How x̂₀ follows from the network's answer.
  var parameterization: any Parameterization { get }

  /// Whether the network puts out a variance as well, in as many channels behind those of its prediction.
  var learnsVariance: Bool { get }

  /// x̂₀, not clipped, from the network's answer to `x` at step `i`.
  ///
  /// - Parameters:
  ///   - output: the answer, without the channels of a predicted variance, `[N, C, …]`.
  ///   - x: x_t, of the same shape.
  ///   - i: the step, in `0 ..< count`.
  func xStart(from output: Tensor, _ x: Tensor, step i: Int) -> Tensor

  /// x̂₀ from the noise in it: (x_t - σ·ε) / α. Shapes `[N, C, …]`, `i` in `0 ..< count`.
  func xStart(epsilon: Tensor, _ x: Tensor, step i: Int) -> Tensor

  /// The noise that is in `x` if x̂₀ is the picture: (x_t - α·x̂₀) / σ. Shapes `[N, C, …]`, `i` in `0 ..< count`.
  func epsilon(xStart: Tensor, _ x: Tensor, step i: Int) -> Tensor

  /// Draws from q(x_j | x_i): adds to `x`, at the level of step `i`, the noise that the level of step `j` has more.
  ///
  /// - Parameters:
  ///   - x: x_i, `[N, C, …]`; x₀ if `i` is -1.
  ///   - i: in `-1 ..< j`.
  ///   - j: in `0 ..< count`.
  ///   - noise: standard normal, of the shape of `x`.
  func noised(_ x: Tensor, from i: Int, to j: Int, noise: Tensor) -> Tensor
}

extension NoiseProcess {
  /// As the parameterization has it.
  public func xStart(from output: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    parameterization.xStart(from: output, x, at: level(i))
  }

  /// (x_t - σ·ε) / α.
  public func xStart(epsilon: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    EpsilonParameterization().xStart(from: epsilon, x, at: level(i))
  }

  /// (x_t - α·x̂₀) / σ.
  public func epsilon(xStart: Tensor, _ x: Tensor, step i: Int) -> Tensor {
    let level = level(i)
    let (alpha, sigma) = (Float(level.alpha), Float(level.sigma))
    return x.zip(xStart) { ($0 - alpha * $1) / sigma }
  }

  /// α_{j|i}·x_i + σ_{j|i}·ε with α_{j|i} = αj / αi and σ²_{j|i} = σj² - α²_{j|i}·σi² (Kingma et al. 2021, appendix A).
  public func noised(_ x: Tensor, from i: Int, to j: Int, noise: Tensor) -> Tensor {
    let (s, t) = (level(i), level(j))
    let ratio = t.alpha / s.alpha
    let added = t.sigma * t.sigma - ratio * ratio * s.sigma * s.sigma
    return sum((ratio, x), (max(0, added).squareRoot(), noise))
  }
}
