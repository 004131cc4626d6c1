/// A sampler's path through the noise levels of a process.
public struct ResamplingSchedule: Sendable, Equatable {
  /// The levels in visiting order, each numbered by the step that denoises it. The first is where sampling starts; the
  /// last is -1, the noiseless image. Each is one below the previous one, or higher after a jump.
  public let levels: [Int]

  /// Goes straight down the last `steps` ≥ 1 steps of a process.
  public init(steps: Int) {
    self.init(steps: steps, jumpLength: steps, jumpCount: 1)
  }

  /// Goes down the last `steps` ≥ 1 steps of a process, visiting each stretch of `jumpLength` ≥ 1 steps `jumpCount` ≥ 1
  /// times, with jumps back in between (Lugmayr et al. 2022, "RePaint", §4.2: j and r; `get_schedule_jump` in its
  /// code). The remainder at the noisiest end, up to `jumpLength` steps, is visited once.
  public init(steps: Int, jumpLength: Int, jumpCount: Int) {
    precondition(
      steps >= 1 && jumpLength >= 1 && jumpCount >= 1,
      "\(steps) steps cannot be gone through with \(jumpCount) jumps of \(jumpLength)")
    var levels = [steps - 1]
    for level in (-1..<steps - 1).reversed() {
      levels.append(level)
      guard level >= 0, level % jumpLength == 0, level < steps - jumpLength else { continue }
      for _ in 1..<jumpCount { levels += (level...level + jumpLength).reversed() }
    }
    self.levels = levels
  }

  /// The steps that are denoised, in order.
  public var steps: [Int] { zip(levels, levels.dropFirst()).filter { $0.0 > $0.1 }.map(\.0) }

  /// The lengths, in steps, of the stretches between jumps; the last stretch ends without noise.
  public var stretches: [Int] {
    var lengths = [0]
    for (level, next) in zip(levels, levels.dropFirst()) {
      if next > level { lengths.append(0) } else { lengths[lengths.count - 1] += 1 }
    }
    return lengths
  }
}
