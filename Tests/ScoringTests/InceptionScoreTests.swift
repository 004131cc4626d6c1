import DiffusionScoring
import TensorCore
import TestSupport
import Testing

/// The Inception Score, against its definition in NumPy.
struct InceptionScoreTests {
  /// 17 pictures in splits of 7: the last has 3 and counts as much as the others.
  @Test func agreesWithNumPy() throws {
    let reference = try Fixture("scoring")
    let logits = try ScoringFixture.features("logits")
    let expected = reference.doubles("inception")[0]
    #expect(abs(try inceptionScore(logits: logits, splitSize: 7) - expected) < 1e-12 * expected)
    let softmax = try Features(logits.values.softmax(), of: "probabilities")
    #expect(abs(try inceptionScore(probabilities: softmax, splitSize: 7) - expected) < 1e-5 * expected)
  }

  /// Sure of a class each: as many as there are classes. A probability of 0 adds nothing.
  @Test func sureClassesCount() throws {
    let sure = try Features(Tensor([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]), of: "sure")
    #expect(abs(try inceptionScore(probabilities: sure) - 3) < 1e-12)
    let logits = try Features(Tensor([3, 3], [1e30, 0, 0, 0, 1e30, 0, 0, 0, 1e30]), of: "sure")
    #expect(abs(try inceptionScore(logits: logits) - 3) < 1e-12)
    #expect(abs(try inceptionScore(logits: logits, splitSize: 2) - 1.5) < 1e-12)
  }

  @Test func noPictureHasNoScore() throws {
    let none = try Features(Tensor([0, 3], []), of: "none")
    #expect(throws: ScoringError.tooFew(what: "none", count: 0, needed: 1, for: "the Inception Score")) {
      try inceptionScore(logits: none)
    }
  }
}
