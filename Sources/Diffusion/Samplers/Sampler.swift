import DiffusionPlatform
import TensorCore

/// A way from one noise level to the next lower one. `SamplingLoop` drives it.
///
/// A sampler may keep what it needs of earlier steps, for instance their x̂₀. It knows nothing of jumps back or of
/// pixels that are kept: behind a jump the loop goes on with a fresh copy.
public protocol Sampler: Sendable {
  /// Denoises `x` at step `i` of the process to the level of step `i - 1`; step 0 ends without noise.
  ///
  /// - Parameters:
  ///   - x: x_t, `[N, C, …]`.
  ///   - i: the step, in `0 ..< context.process.count`.
  ///   - context: the process and the network; `context.xStart(x, step: i)` is the expected picture.
  ///   - noise: draws standard normal noise of the shape of `x`. May be called at most `drawsPerStep` times; a sampler
  ///     that needs no noise in a step does not call it.
  /// - Returns: the pictures at the lower level, and x̂₀, what the network expects them to become.
  mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor)

  /// The most draws of noise that a step takes. The loop counts each step as so many draws, whether they are used or
  /// not, so that the noise of a later step does not depend on what earlier ones needed. 1 unless said otherwise.
  var drawsPerStep: Int { get }

  /// The standard deviation of the x_T that the sampler starts from, at the highest level of `process`.
  func initialScale(_ process: any NoiseProcess) -> Float
}

extension Sampler {
  /// One draw.
  public var drawsPerStep: Int { 1 }

  /// √(α² + σ²), the standard deviation of x_T where that of pictures is 1: exactly 1 for `GaussianDiffusion`, as in
  /// the original's loops.
  public func initialScale(_ process: any NoiseProcess) -> Float {
    let level = process.level(process.count - 1)
    return Float((level.alpha * level.alpha + level.sigma * level.sigma).squareRoot())
  }
}
