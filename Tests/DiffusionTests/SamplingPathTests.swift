import DiffusionCore
import Testing

struct SamplingPathTests {
  /// `get_schedule_jump` of RePaint's code for one kind of jump, without the -1 at its end: each unit of time that
  /// passes, in either direction.
  private func scheduleJump(steps: Int, length: Int, count: Int) -> [Int] {
    var jumps: [Int: Int] = [:]
    for start in stride(from: 0, to: steps - length, by: length) { jumps[start] = count - 1 }
    var (t, times) = (steps, [Int]())
    while t >= 1 {
      t -= 1
      times.append(t)
      if let left = jumps[t], left > 0 {
        jumps[t] = left - 1
        for _ in 0..<length {
          t += 1
          times.append(t)
        }
      }
    }
    return times
  }

  /// The levels of a path with those that its jumps pass by.
  private func everyLevel(_ path: ResamplingSchedule) -> [Int] {
    zip(path.levels, path.levels.dropFirst()).flatMap { level, next in next > level ? Array(level..<next) : [level] }
  }

  @Test(arguments: [
    (10, 3, 2), (12, 4, 3), (7, 1, 2), (1, 1, 3), (2, 1, 4), (5, 5, 4), (5, 7, 2), (11, 5, 1), (250, 10, 10),
    (99, 7, 5),
  ])
  func isThatOfRePaint(steps: Int, length: Int, count: Int) {
    let path = ResamplingSchedule(steps: steps, jumpLength: length, jumpCount: count)
    #expect(everyLevel(path) == scheduleJump(steps: steps, length: length, count: count))
    #expect(path.levels.last == -1)
    // Each step that is denoised ends one level below.
    #expect(path.steps.allSatisfy { (0..<steps).contains($0) })
    #expect(path.stretches.reduce(0, +) == path.steps.count)
    #expect(path.stretches.count == 1 + (count - 1) * ((steps - 1) / length))
  }

  /// What `RePaintScheduler.set_timesteps` of diffusers gives.
  @Test func isThatOfDiffusers() {
    #expect(
      everyLevel(ResamplingSchedule(steps: 10, jumpLength: 3, jumpCount: 2)) == [
        9, 8, 7, 6, 7, 8, 9, 8, 7, 6, 5, 4, 3, 4, 5, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0,
      ])
    #expect(ResamplingSchedule(steps: 250, jumpLength: 10, jumpCount: 10).steps.count == 2410)
    #expect(ResamplingSchedule(steps: 50, jumpLength: 10, jumpCount: 3).steps.count == 130)
  }

  @Test func withoutJumps() {
    #expect(ResamplingSchedule(steps: 4).levels == [3, 2, 1, 0, -1])
    #expect(ResamplingSchedule(steps: 4).steps == [3, 2, 1, 0])
    #expect(ResamplingSchedule(steps: 4).stretches == [4])
    #expect(ResamplingSchedule(steps: 1).levels == [0, -1])
  }
}
