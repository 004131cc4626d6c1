import TensorCore

/// Where sampling is after a step.
public struct SamplerState: Sendable {
  /// The steps done so far, from 1.
  public let step: Int
  /// The steps in all.
  public let steps: Int
  /// The timestep of the original process that was denoised.
  public let timestep: Double
  /// The pictures, less noisy by a step; after the last step, the result. `[N, C, …]`.
  public let x: Tensor
  /// x̂₀, what the network expects the pictures to become. `[N, C, …]`.
  public let predXStart: Tensor

  /// What is shown of the way to the result: what the model expects it to be, and at the end what it is. `[N, C, …]`.
  public var shown: Tensor { step == steps ? x : predXStart }
}

/// The way from x_T to x₀: the states after each step, of which the last holds the result.
///
/// The loop owns the count of noise draws. In the order of the levels they are numbered: one for each jump back, then
/// `Sampler.drawsPerStep` for each step, then one for the kept pixels at each level that a step leads to, except the
/// last. Draws that a sampler does not use are skipped, so that the numbers of later ones stay the same.
public struct SamplingLoop<Noise: NoiseSource>: Sequence, IteratorProtocol {
  private let context: SamplingContext
  private let fresh: any Sampler
  private var sampler: any Sampler
  private let levels: [Int]
  private let steps: Int
  private let known: InpaintingConstraint?
  /// The source of noise, as the steps so far have left it.
  public private(set) var noise: Noise
  private var x: Tensor
  private var position = 0
  private var done = 0

  /// Starts from `x`, `[N, C, …]`, at the first level of `path`.
  ///
  /// - Parameters:
  ///   - context: the process and the network.
  ///   - sampler: before its first step.
  ///   - x: pictures at the first level of `path`; without a path, x_T.
  ///   - path: which levels to go through; nil for all of them, one after the other. Behind a jump back the sampler
  ///     begins afresh.
  ///   - known: what is kept of given pictures at every level that a step leads to.
  ///   - noise: the source of noise, behind the draw of x_T.
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

  /// Denoises by one step; nil when there is none left.
  public mutating func next() -> SamplerState? {
    guard position + 1 < levels.count else { return nil }
    let process = context.process
    // In a local, for the closures to draw from while `self` is being changed.
    var noise = noise
    if levels[position + 1] > levels[position] {
      x = process.noised(x, from: levels[position], to: levels[position + 1], noise: noise.next())
      // What it remembers are steps that the jump has undone.
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
