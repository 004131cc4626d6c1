import DiffusionCore
import Testing

struct TimestepGridTests {
  private let betas = BetaSchedule.cosine.betas(steps: 1000)

  /// `torch.linspace(-1, 999, 5).int()` and others, without the first.
  @Test(arguments: [
    (1000, 4, [249, 499, 749, 999]), (1000, 6, [165, 332, 499, 665, 832, 999]), (500, 1, [499]), (3, 3, [0, 1, 2]),
  ])
  func equalStepsEndAtTheLast(count: Int, steps: Int, expected: [Int]) throws {
    let levels = try NoiseLevels(
      betas: BetaSchedule.linear.betas(steps: count), steps: steps, grid: .equalSteps)
    #expect(levels.timesteps == expected.map(Double.init))
    #expect(levels.alphasCumprodPrev == nil && levels.variance == VarianceOfSteps())
  }

  /// `torch.linspace(0, 1000, 6)[:-1].int()`: 0, 200, 400, …, of which 0 is only led to.
  @Test func innerPointsLeadToTheLevelBefore() throws {
    let all = cumulativeProducts(betas)
    let levels = try NoiseLevels(betas: betas, steps: 4, grid: .innerPoints)
    #expect(levels.timesteps == [200, 400, 600, 800])
    #expect(levels.alphasCumprodPrev == [1, all[199], all[399], all[599]])
    #expect(levels.variance.alphasCumprod == [all[199], all[399], all[599], all[799]] && !levels.variance.isQuietAtEnd)
  }

  @Test func innerPointsToZeroEndThere() throws {
    let all = cumulativeProducts(betas)
    let levels = try NoiseLevels(betas: betas, steps: 4, grid: .innerPointsToZero)
    #expect(levels.timesteps == [200, 400, 600, 800])
    #expect(levels.alphasCumprodPrev == [all[0], all[200], all[400], all[600]])
    #expect(levels.variance.alphasCumprod == nil && levels.variance.isQuietAtEnd)
  }

  @Test func takesNoMoreStepsThanThereAre() {
    #expect(throws: SpacingError.tooMany(steps: 1001, available: 1000, section: nil)) {
      try NoiseLevels(betas: betas, steps: 1001, grid: .equalSteps)
    }
    #expect(throws: SpacingError.malformed("0")) { try NoiseLevels(betas: betas, steps: 0, grid: .innerPoints) }
  }
}
