import DiffusionPlatform
import TensorCore

/// A method of stepping from one noise level to the next lower one. `SamplingLoop` drives it.
///
/// A sampler may keep state from earlier steps, such as their x̂₀. It does not know about jumps back or kept pixels:
/// after a jump the loop continues with a fresh copy.
public protocol Sampler: Sendable {
  /// Denoises `x` at step `i` of the process to the level of step `i - 1`; step 0 ends without noise.
  ///
  /// - Parameters:
  ///   - x: x_t, `[N, C, …]`.
  ///   - i: the step, in `0 ..< context.process.count`.
  ///   - context: the process and the network; `context.xStart(x, step: i)` is x̂₀.
  ///   - noise: draws standard normal noise of the same shape as `x`. May be called up to `drawsPerStep` times; a
  ///     sampler that needs no noise in a step does not call it.
  /// - Returns: the images at the lower level, and x̂₀, the network's estimate of the final images.
  mutating func step(
    _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
  ) -> (x: Tensor, predXStart: Tensor)

  /// The maximum number of noise draws in a step, 1 by default. The loop counts this many draws for every step, used or
  /// not, so that a step's noise does not depend on how much earlier steps needed.
  var drawsPerStep: Int { get }

  /// The standard deviation of the x_T that sampling starts from, at the highest level of `process`.
  func initialScale(_ process: any NoiseProcess) -> Float
}

extension Sampler {
  /// One draw per step.
  public var drawsPerStep: Int { 1 }

  /// √(α² + σ²), the standard deviation of x_T if that of the images is 1. It is exactly 1 for `GaussianDiffusion`, as
  /// in the original's loops.
  public func initialScale(_ process: any NoiseProcess) -> Float {
    let level = process.level(process.count - 1)
    return Float((level.alpha * level.alpha + level.sigma * level.sigma).squareRoot())
  }
}
