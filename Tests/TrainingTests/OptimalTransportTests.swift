import TensorCore
import Testing

@testable import DiffusionTraining

/// The pairing of images and noise.
struct OptimalTransportTests {
  /// All orders of `0 ..< count`.
  private func orders(_ count: Int) -> [[Int]] {
    if count == 0 { return [[]] }
    return orders(count - 1).flatMap { order in (0...order.count).map { order[..<$0] + [count - 1] + order[$0...] } }
  }

  @Test(arguments: 1...6)
  func assignmentsCostLeastOfAllOrders(count: Int) {
    for seed in 0..<20 {
      // Numbers without pattern, some of them equal.
      let cost = (0..<count).map { i in (0..<count).map { j in Double((i * 37 + j * 101 + seed * 53) * 7919 % 29) } }
      func sum(_ order: [Int]) -> Double { order.indices.reduce(0) { $0 + cost[$1][order[$1]] } }
      let found = leastCostAssignment(cost)
      #expect(found.sorted() == Array(0..<count))
      #expect(sum(found) == orders(count).map(sum).min())
    }
  }

  /// Each image gets the noise that lies next to it; labels, times and weights stay the image's.
  @Test func noiseGoesToTheNearestImage() {
    let x = Tensor([3, 1, 1, 2], [0, 0, 5, 5, -5, 5])
    let noise = Tensor([3, 1, 1, 2], [-4, 4, 1, 0, 6, 6])
    let batch = TrainingBatch(
      xStart: x, labels: [1, 2, 3], steps: [0, 1, 2], uniforms: [0.1, 0.2, 0.3], weights: [1, 1, 1], noise: noise)
    let paired = batch.withTransportedNoise()
    #expect(paired.noise.values == [1, 0, 6, 6, -4, 4])
    #expect(paired.xStart.values == x.values && paired.labels == [1, 2, 3] && paired.uniforms == [0.1, 0.2, 0.3])
    #expect(paired.examples(1..<3).noise.values == [6, 6, -4, 4] && paired.examples(1..<3).labels == [2, 3])
  }
}
