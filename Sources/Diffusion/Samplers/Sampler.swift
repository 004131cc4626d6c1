import TensorCore

/// A way from one noise level to the next lower one. What a sampler remembers of the steps before is its own; `SamplingLoop` drives it.
public protocol Sampler: Sendable {
  /// Denoises `x`, `[N, C, …]` at step `i` of the process, to the level of step `i - 1`; step 0 ends without noise.
  ///
  /// Draws from `noise`, or skips, once.
  ///
  /// - Returns: the pictures at the lower level, and what the model expects them to become.
  mutating func step(
    _ x: Tensor, _ i: Int, _ setting: SamplingContext, noise: inout some NoiseSource
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
  private let setting: SamplingContext
  private let fresh: any Sampler
  private var sampler: any Sampler
  private let levels: [Int]
  private let steps: Int
  private let known: InpaintingConstraint?
  /// Where noise comes from, as the steps so far have left it.
  public private(set) var noise: Noise
  private var x: Tensor
  private var position = 0
  private var done = 0

  /// Starts from `x`, `[N, C, …]` at the first level of `path`; x_T at the highest level of the process, if no path is given.
  ///
  /// - Parameters:
  ///   - path: which levels to go through; all of them, one after the other, if nil. A jump takes one draw of noise, and the sampler begins
  ///     afresh behind it.
  ///   - known: what is kept of pictures at every level that a step leads to. Takes one draw after each step's, but the last.
  public init(
    _ setting: SamplingContext, _ sampler: any Sampler, from x: Tensor, along path: ResamplingSchedule? = nil,
    keeping known: InpaintingConstraint? = nil, noise: Noise
  ) {
    let path = path ?? ResamplingSchedule(steps: setting.diffusion.count)
    (fresh, self.sampler, levels, steps) = (sampler, sampler, path.levels, path.steps.count)
    self.setting = setting
    self.known = known
    self.noise = noise
    self.x = x
  }

  /// Denoises by one step; nil when there is none left.
  public mutating func next() -> SamplerState? {
    guard position + 1 < levels.count else { return nil }
    let diffusion = setting.diffusion
    if levels[position + 1] > levels[position] {
      x = diffusion.noised(x, from: levels[position], to: levels[position + 1], noise: noise.next())
      // What it remembers are steps to what has gone.
      sampler = fresh
      position += 1
    }
    let i = levels[position]
    let predXStart: Tensor
    (x, predXStart) = sampler.step(x, i, setting, noise: &noise)
    if let known { x = known.restored(in: x, diffusion.level(i - 1), noise: &noise) }
    position += 1
    done += 1
    return SamplerState(
      step: done, steps: steps, timestep: diffusion.timestepMap[i], x: x, predXStart: predXStart)
  }
}
