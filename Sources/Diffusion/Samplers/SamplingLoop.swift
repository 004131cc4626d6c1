import TensorCore

/// The state of sampling after a step.
public struct SamplerState: Sendable {
  /// The number of steps done so far, from 1.
  public let step: Int
  /// The total number of steps.
  public let steps: Int
  /// The timestep of the original process that was denoised.
  public let timestep: Double
  /// The images, less noisy by one step; after the last step, the result. `[N, C, …]`.
  public let x: Tensor
  /// x̂₀, the network's estimate of the final images. `[N, C, …]`.
  public let predXStart: Tensor

  /// The images to display as progress: x̂₀, or the result after the last step. `[N, C, …]`.
  public var shown: Tensor { step == steps ? x : predXStart }

  /// The same with images in -1 to 1 where they were in 0 to 1.
  public var widened: SamplerState {
    SamplerState(
      step: step, steps: steps, timestep: timestep, x: x.map { 2 * $0 - 1 }, predXStart: predXStart.map { 2 * $0 - 1 })
  }
}

/// Samples from x_T to x₀: a sequence of the states after each step, the last of which holds the result.
///
/// The loop numbers the noise draws in the order of the levels: one for each jump back, `Sampler.drawsPerStep` for each
/// step, then one for the kept pixels at each level that a step reaches, except the last. Unused draws are skipped, so
/// that later ones keep their numbers.
public struct SamplingLoop<Noise: NoiseSource>: Sequence, IteratorProtocol {
  private let context: SamplingContext
  private let fresh: any Sampler
  private var sampler: any Sampler
  private let levels: [Int]
  private let steps: Int
  private let known: InpaintingConstraint?
  /// The noise source, after the steps so far.
  public private(set) var noise: Noise
  private var x: Tensor
  private var position = 0
  private var done = 0

  /// Starts from `x`, `[N, C, …]`, at the first level of `path`.
  ///
  /// - Parameters:
  ///   - context: the process and the network.
  ///   - sampler: the sampler before its first step.
  ///   - x: images at the first level of `path`; x_T if there is no path.
  ///   - path: the levels to visit; nil for all of them in order. After a jump back the sampler starts afresh.
  ///   - known: the pixels to restore at every level that a step reaches.
  ///   - noise: the noise source after x_T was drawn.
  public init(
    _ context: SamplingContext, _ sampler: any Sampler, from x: Tensor, along path: ResamplingSchedule? = nil,
    keeping known: InpaintingConstraint? = nil, noise: Noise
  ) {
    let path = path ?? ResamplingSchedule(steps: context.process.count)
    (fresh, self.sampler, levels, steps) = (sampler, sampler, path.levels, path.steps.count)
    self.context = context
    self.known = known
    self.noise = noise
    self.x = x
  }

  /// Denoises by one step; nil if no step is left.
  public mutating func next() -> SamplerState? {
    guard position + 1 < levels.count else { return nil }
    let process = context.process
    // A local copy, so that the closures can draw from it while `self` is modified.
    var noise = noise
    if levels[position + 1] > levels[position] {
      x = process.noised(x, from: levels[position], to: levels[position + 1], noise: noise.next())
      // The jump has undone the steps that the sampler remembers.
      sampler = fresh
      position += 1
    }
    let i = levels[position]
    let predXStart: Tensor
    let declared = sampler.drawsPerStep
    var drawn = 0
    (x, predXStart) = sampler.step(x, i, context) {
      precondition(drawn < declared, "the sampler draws noise more often than the \(declared) times a step it declares")
      drawn += 1
      return noise.next()
    }
    for _ in drawn..<declared { noise.skip() }
    if let known { x = known.restored(in: x, process.level(i - 1)) { noise.next() } }
    self.noise = noise
    position += 1
    done += 1
    return SamplerState(step: done, steps: steps, timestep: process.timestep(i), x: x, predXStart: predXStart)
  }
}
