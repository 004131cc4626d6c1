import DiffusionCore
import TensorCore
import Testing

struct ScheduleSamplerTests {
  /// A sampler of steps 0, 1 and 2 whose last ten losses have the second moments 3², 4² and 0, with an older loss that
  /// has made room.
  private func warm() -> LossSecondMomentResampler {
    var sampler = LossSecondMomentResampler(seed: 8, steps: 3)
    sampler.update(steps: [0], losses: [1000])
    for _ in 0..<10 { sampler.update(steps: [2, 0, 1], losses: [0, 3, 4]) }
    return sampler
  }

  /// Expects draws with the frequencies `probabilities` by χ², which exceeds `limit` once in 10,000 times.
  private func expectDistribution(
    _ sampler: some ScheduleSampler, _ probabilities: [Double], limit: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let draws = 20_000
    var counts = [Double](repeating: 0, count: probabilities.count)
    for step in sampler.sample(positions: 0..<draws).steps { counts[step] += 1 }
    let chiSquared = zip(counts, probabilities).reduce(0.0) { sum, pair in
      let expected = pair.1 * Double(draws)
      return sum + (pair.0 - expected) * (pair.0 - expected) / expected
    }
    #expect(chiSquared < limit, "\(counts)", sourceLocation: sourceLocation)
  }

  /// From the words of the block that the documentation names.
  @Test func stepsAreThoseOfTheDocumentedBlocks() {
    let seed = 0x0123_4567_89AB_CDEF as UInt64
    let positions = [0, 1, 2, 1 << 33 + 5]
    let expected = positions.map { position in
      let block = Philox.block(
        counter: SIMD4(0, 0xFFFF_FFFC, UInt32(truncatingIfNeeded: position), UInt32(position >> 32)),
        key: SIMD2(0x89AB_CDEF, 0x0123_4567))
      return Int((Double(block[1]) * 0x1p-32 + Double(block[0]) * 0x1p-64) * 1000)
    }
    #expect(UniformSampler(seed: seed, steps: 1000).sample(positions: positions).steps == expected)
    #expect(LossSecondMomentResampler(seed: seed, steps: 1000).sample(positions: positions).steps == expected)
    #expect(Set(expected).count == 4)
  }

  @Test func uniformStepsWeighOne() {
    let sampler = UniformSampler(seed: 1, steps: 10)
    expectDistribution(sampler, [Double](repeating: 0.1, count: 10), limit: 33.7)
    #expect(sampler.sample(positions: 0..<100).weights == [Float](repeating: 1, count: 100))
  }

  @Test func aStepDoesNotDependOnItsBatch() {
    for sampler in [warm(), UniformSampler(seed: 8, steps: 1000)] as [any ScheduleSampler] {
      let whole = sampler.sample(positions: 100..<164)
      let parts = [100..<113, 113..<164].map { sampler.sample(positions: $0) }
      #expect(whole.steps == parts[0].steps + parts[1].steps)
      #expect(whole.weights == parts[0].weights + parts[1].weights)
    }
    let other = UniformSampler(seed: 9, steps: 1000).sample(positions: 0..<64).steps
    #expect(UniformSampler(seed: 8, steps: 1000).sample(positions: 0..<64).steps != other)
  }

  /// √E[L²] is 3, 4 and 0; of a thousand draws one is uniform.
  @Test func largeLossesAreDrawnMoreAndWeighLess() {
    let sampler = warm()
    let expected = [0.999 * 3 / 7 + 0.001 / 3, 0.999 * 4 / 7 + 0.001 / 3, 0.001 / 3]
    for (a, b) in zip(sampler.probabilities, expected) { #expect(abs(a - b) < 1e-15) }
    // χ² with 2 degrees of freedom.
    expectDistribution(sampler, expected, limit: 18.4)
    let (steps, weights) = sampler.sample(positions: 0..<1000)
    for (step, weight) in zip(steps, weights) { #expect(abs(Double(weight) * 3 * expected[step] - 1) < 1e-6) }
    // The expected weight is 1: the mean loss stays what it was.
    let mean = zip(sampler.probabilities, expected).reduce(0) { $0 + $1.0 / (3 * $1.1) }
    #expect(abs(mean - 1) < 1e-12)
  }

  /// The square is averaged, not the loss.
  @Test func secondMoments() {
    var sampler = LossSecondMomentResampler(seed: 0, steps: 2, historyPerTerm: 2, uniformProb: 0)
    sampler.update(steps: [0, 0, 1, 1], losses: [1, 7, 0, 1])
    // √25 and √½.
    #expect(abs(sampler.probabilities[0] - 5 / (5 + 0.5.squareRoot())) < 1e-15)
  }

  @Test func drawsAreUniformUntilEachStepHasItsLosses() {
    var sampler = LossSecondMomentResampler(seed: 8, steps: 3)
    for _ in 0..<10 { sampler.update(steps: [0, 1], losses: [3, 4]) }
    for _ in 0..<9 { sampler.update(steps: [2], losses: [1]) }
    #expect(!sampler.isWarmedUp && sampler.probabilities == [Double](repeating: 1.0 / 3, count: 3))
    #expect(sampler.sample(positions: 0..<50).weights == [Float](repeating: 1, count: 50))
    // No loss to remember.
    sampler.update(steps: [2, 2], losses: [.nan, .infinity])
    #expect(!sampler.isWarmedUp)
    sampler.update(steps: [2], losses: [1])
    #expect(sampler.isWarmedUp && sampler.probabilities[1] > 0.49)
  }

  /// Nothing lost anywhere: no division by zero.
  @Test func noLossesAtAll() {
    var sampler = LossSecondMomentResampler(seed: 8, steps: 2, historyPerTerm: 1)
    sampler.update(steps: [0, 1], losses: [0, 0])
    #expect(sampler.probabilities == [0.5, 0.5])
  }

  @Test func stateGoesThroughACheckpoint() throws {
    var sampler = LossSecondMomentResampler(seed: 8, steps: 2, historyPerTerm: 3)
    sampler.update(steps: [1, 0, 1, 1, 1], losses: [1, 2, 3, 4, 5])
    let state = sampler.state
    #expect(state.map(\.name) == ["history", "counts"])
    #expect(state[0].tensor.shape == [2, 3] && state[0].tensor.values == [2, 0, 0, 3, 4, 5])
    #expect(state[1].tensor.shape == [2] && state[1].tensor.values == [1, 3])
    var other = LossSecondMomentResampler(seed: 8, steps: 2, historyPerTerm: 3)
    try other.restore(state)
    for _ in 0..<2 {
      sampler.update(steps: [0, 1], losses: [6, 7])
      other.update(steps: [0, 1], losses: [6, 7])
    }
    #expect(sampler.isWarmedUp && other.probabilities == sampler.probabilities)
    #expect(other.state[0].tensor.values == [2, 6, 6, 5, 7, 7])
  }

  /// One that learns nothing has nothing to go on from, and takes whatever is there.
  @Test func uniformStepsHaveNoState() throws {
    var sampler = UniformSampler(seed: 8, steps: 2)
    #expect(sampler.state.isEmpty)
    try sampler.restore([])
    #expect(sampler.probabilities == [0.5, 0.5])
  }

  @Test func damagedStateIsRefused() {
    var sampler = warm()
    let (history, counts) = (sampler.state[0].tensor, sampler.state[1].tensor)
    func expectRefused(_ state: [(name: String, tensor: Tensor)], _ error: ScheduleSamplerError) {
      #expect(throws: error) { try sampler.restore(state) }
      #expect(sampler.state[0].tensor.values == history.values)
    }
    expectRefused([("history", history)], .missing(name: "counts"))
    expectRefused(
      [("history", Tensor(zeros: [2, 10])), ("counts", Tensor(zeros: [2]))],
      .shape(history: [2, 10], counts: [2], steps: 3, historyPerTerm: 10))
    for count in [0.5, -1, 11] as [Float] {
      expectRefused(
        [("history", history), ("counts", Tensor([3], [10, count, 10]))], .count(count, step: 1))
    }
    var damaged = history
    damaged[25] = .nan
    expectRefused([("history", damaged), ("counts", counts)], .loss(step: 2))
  }
}
