import DiffusionTraining
import Testing

struct DataOrderTests {
  /// Compared with the definition in `EpochShuffle`'s comment, written down in Python.
  @Test func definition() {
    let seed: UInt64 = 0x0123_4567_89AB_CDEF
    let few = EpochShuffle(seed: seed, count: 10)
    #expect((0..<20).map(few.index) == [6, 8, 7, 1, 9, 2, 5, 0, 3, 4, 7, 6, 4, 9, 1, 5, 8, 2, 3, 0])
    let many = EpochShuffle(seed: seed, count: 60_000)
    #expect(
      [0, 1, 2, 59_999, 60_000, 60_001, 123_456_789].map(many.index) == [17191, 11354, 55901, 6934, 1883, 8679, 11815])
    #expect((0..<5).map(EpochShuffle(seed: 7, count: 1134).index) == [852, 1041, 706, 794, 951])
    let flips = [1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1].map { $0 == 1 }
    #expect((0..<24).map(many.isFlipped) == flips)
    #expect((0..<8).map { many.isFlipped(at: 1 << 32 + $0) } == [1, 1, 0, 0, 0, 1, 0, 0].map { $0 == 1 })
  }

  @Test func everyEpochSeesEveryExampleOnce() {
    for count in [1, 2, 3, 4, 5, 6, 7, 12, 99, 100, 101, 1134] {
      let order = EpochShuffle(seed: 3, count: count)
      for epoch in [0, 1, 2, 1000, 1 << 31] {
        #expect(Set((epoch * count..<(epoch + 1) * count).map(order.index)) == Set(0..<count), "\(count), \(epoch)")
      }
    }
  }

  /// All 24 orders of four examples come about equally often (χ² with 23 degrees of freedom exceeds 50 once in a
  /// thousand times).
  @Test func ordersAreEquallyLikely() {
    let epochs = 24_000
    let order = EpochShuffle(seed: 11, count: 4)
    var counts: [[Int]: Int] = [:]
    for epoch in 0..<epochs { counts[(4 * epoch..<4 * epoch + 4).map(order.index), default: 0] += 1 }
    let expected = Double(epochs) / 24
    let chiSquare = counts.values.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    #expect(counts.count == 24 && chiSquare < 50)
  }

  /// Neighbours are as far apart as chance puts them: a third of the count in the mean, in an epoch and from epoch to
  /// epoch.
  @Test func neighboursAreStrangers() {
    let count = 9000
    let order = EpochShuffle(seed: 5, count: count)
    func meanDistance(_ step: Int) -> Double {
      let sum = (0..<count - 1).reduce(0) { $0 + abs(order.index(at: $1) - order.index(at: $1 + step)) }
      return Double(sum) / Double(count - 1)
    }
    for step in [1, 2, 95, count] { #expect(abs(meanDistance(step) / Double(count) - 1 / 3) < 0.01, "\(step)") }
    let flips = (0..<10_000).count(where: order.isFlipped)
    #expect(abs(flips - 5000) < 200)
  }

  @Test func seedsDiffer() {
    let orders = [0, 1, 1 << 32].map { seed in
      (0..<20).map(EpochShuffle(seed: seed, count: 1000).index)
    }
    #expect(Set(orders).count == 3)
  }
}
