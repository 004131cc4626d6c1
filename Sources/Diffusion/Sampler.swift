import TensorCore

/// A way from one noise level to the next lower one. What a sampler remembers of the steps before is its own; `SamplingLoop` drives it.
public protocol Sampler: Sendable {
  /// Denoises `x`, `[N, C, …]` at step `i` of the process, to the level of step `i - 1`; step 0 ends without noise.
  ///
  /// Draws from `noise`, or skips, once.
  ///
  /// - Returns: the pictures at the lower level, and what the model expects them to become.
  mutating func step(
    _ x: Tensor, _ i: Int, _ setting: SamplerSetting, noise: inout some NoiseSource
  ) -> (x: Tensor, predXStart: Tensor)

  /// How large x_T is for noise of deviation 1: what is at the highest level of the process but for the picture.
  func initialScale(_ diffusion: GaussianDiffusion) -> Float
}

extension Sampler {
  /// As the original's loops start: with all of the noise.
  public func initialScale(_ diffusion: GaussianDiffusion) -> Float { 1 }
}

/// Where a sampler is after a step.
public struct SamplerState: Sendable {
  /// The steps done so far, from 1.
  public let step: Int
  /// The steps in all.
  public let steps: Int
  /// The timestep of the original process that was denoised.
  public let timestep: Double
  /// The pictures, less noisy by a step; after the last step, the result. `[N, C, …]`.
  public let x: Tensor
  /// What the model expects the pictures to become. `[N, C, …]`.
  public let predXStart: Tensor
}

/// A sampler's way from x_T to x₀: the states after each step, of which the last holds the result.
public struct SamplingLoop<Noise: NoiseSource>: Sequence, IteratorProtocol {
  private let setting: SamplerSetting
  private var sampler: any Sampler
  /// Where noise comes from, as the steps so far have left it.
  public private(set) var noise: Noise
  private var x: Tensor
  private var i: Int

  /// Starts from `x`, `[N, C, …]` at the highest level of the process: x_T.
  public init(_ setting: SamplerSetting, _ sampler: any Sampler, from x: Tensor, noise: Noise) {
    self.setting = setting
    self.sampler = sampler
    self.noise = noise
    self.x = x
    i = setting.diffusion.count - 1
  }

  /// Denoises by one step; nil when there is none left.
  public mutating func next() -> SamplerState? {
    guard i >= 0 else { return nil }
    let diffusion = setting.diffusion
    let predXStart: Tensor
    (x, predXStart) = sampler.step(x, i, setting, noise: &noise)
    defer { i -= 1 }
    return SamplerState(
      step: diffusion.count - i, steps: diffusion.count, timestep: diffusion.timestepMap[i], x: x,
      predXStart: predXStart)
  }
}
