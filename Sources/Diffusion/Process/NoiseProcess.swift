import DiffusionPlatform
import TensorCore

/// A diffusion process as samplers see it: a table of noise levels, and a parameterization of the network's output.
///
/// Solvers use only x̂₀ and levels, so all of them can sample any process that provides its levels and
/// parameterization. The methods with defaults are derived from those two; a process overrides them only to match the
/// rounding of the code it reproduces.
public protocol NoiseProcess: Sendable {
  /// The number of steps, at least 1. Step `count - 1` is denoised first, step 0 last.
  var count: Int { get }

  /// The level of step `i`, in `-1 ..< count`; -1 is the noiseless image (`NoiseLevel.noiseless`). σ / α increases with
  /// `i`.
  func level(_ i: Int) -> NoiseLevel

  /// The level that step `i`, in `0 ..< count`, leads to: by default that of the step below.
  func levelAfter(_ i: Int) -> NoiseLevel

  /// The timestep of the original process at step `i`, in `0 ..< count`. For display only: the network receives the
  /// level's `conditioning`.
  func timestep(_ i: Int) -> Double

  /// How to compute x̂₀ from the network's output.
  var parameterization: any Parameterization { get }

  /// Whether the network also outputs a variance, in as many channels after its prediction.
  var learnsVariance: Bool { get }

  /// x̂₀, not clipped, from the network's output for `x` at step `i`.
  ///
  /// - Parameters:
  ///   - output: the network's output without variance channels, `[N, C, …]`.
  ///   - x: x_t, of the same shape.
  ///   - i: the step, in `0 ..< count`.
  func xStart(from output: Tensor, _ x: Tensor, step i: Int) -> Tensor

  /// x̂₀ from the noise in `x`: (x_t - σ·ε) / α. Shapes `[N, C, …]`, `i` in `0 ..< count`.
  func xStart(epsilon: Tensor, _ x: Tensor, step i: Int) -> Tensor

  /// The noise in `x` if x̂₀ is the image: (x_t - α·x̂₀) / σ. Shapes `[N, C, …]`, `i` in `0 ..< count`.
  func epsilon(xStart: Tensor, _ x: Tensor, step i: Int) -> Tensor

  /// Samples from q(x_j | x_i): adds noise to `x`, at the level of step `i`, up to the level of step `j`.
  ///
  /// - Parameters:
  ///   - x: x_i, `[N, C, …]`; x₀ if `i` is -1.
  ///   - i: in `-1 ..< j`.
  ///   - j: in `0 ..< count`.
  ///   - noise: standard normal, of the same shape as `x`.
  func noised(_ x: Tensor, from i: Int, to j: Int, noise: Tensor) -> Tensor
}

extension NoiseProcess {
  /// `level(i - 1)`.
  public func levelAfter(_ i: Int) -> NoiseLevel { level(i - 1) }

  /// x̂₀ by the parameterization.
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
