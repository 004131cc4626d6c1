import DiffusionCore
import TensorCore
import TestSupport
import Testing

struct ClassifierFreeGuidanceTests {
  /// A model of two channels that puts out its label, 9 for none.
  private static func model(_ x: Tensor, _ timesteps: [Float], _ labels: [Int?]) -> Tensor {
    precondition(timesteps.count == x.shape[0] && labels.count == x.shape[0])
    return Tensor.stacked(labels.map { Tensor([1, 2, 1, 1], [Float($0 ?? 9), Float(10 * ($0 ?? 9))]) })
  }

  @Test func movesAwayFromTheNullClass() {
    let cases: [(scale: Double, expected: [Float])] = [
      (0, [9, 20, 9, 30]), (1, [2, 20, 3, 30]), (2, [-5, 20, -3, 30]),
    ]
    for (scale, expected) in cases {
      let guided = classifierFreeGuidance(Self.model, scale: scale, labels: [2, 3], channels: 1)
      #expect(guided(Tensor(zeros: [2, 1, 1, 1]), [5, 5]).values == expected)
    }
  }

  @Test func evaluatesOnceWithoutGuidanceAndOneDoubledBatchWith() {
    for (scale, batch) in [(1.0, 3), (1.5, 6)] {
      var batches: [Int] = []
      let guided = classifierFreeGuidance(
        { x, t, y in
          batches.append(x.shape[0])
          return Self.model(x, t, y)
        }, scale: scale, labels: [1, 2, 3], channels: 2)
      _ = guided(Tensor(zeros: [3, 2, 1, 1]), [1, 1, 1])
      #expect(batches == [batch])
    }
  }

  /// Kynkäänniemi et al. 2024: outside the interval the class alone, by a single evaluation.
  @Test func guidesInTheIntervalOnly() {
    var batches: [Int] = []
    let guided = classifierFreeGuidance(
      { x, t, y in
        batches.append(x.shape[0])
        return Self.model(x, t, y)
      }, scale: 2, interval: 100...200, labels: [2], channels: 1)
    let found = [99, 100, 200, 200.5].map { guided(Tensor(zeros: [1, 1, 1, 1]), [$0])[0] }
    #expect(found == [2, -5, -5, 2])
    #expect(batches == [1, 2, 2, 1])
  }
}
