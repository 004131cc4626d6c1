import DiffusionScoring
import TensorCore
import TestSupport
import Testing

/// Nearest neighbours, precision and recall, against their definitions in NumPy.
struct NeighbourTests {
  private func sets(_ prefix: String) throws -> (Features, Features) {
    prefix == ""
      ? (try ScoringFixture.features("a"), try ScoringFixture.features("b"))
      : (try ScoringFixture.lattice(1100, 6, seed: 1), try ScoringFixture.lattice(1050, 6, seed: 5))
  }

  /// On the lattice many are equally near: the first one counts.
  @Test(arguments: ["", "lattice."]) func nearestAgreeWithNumPy(prefix: String) throws {
    let reference = try Fixture("scoring")
    let (a, b) = try sets(prefix)
    try withNumbersOfThreads {
      var last = (done: 0, of: 0)
      let found = try nearestNeighbours(of: a, in: b) { last = ($0, $1) }
      #expect(last.done == last.of && last.of > 0)
      #expect(found.indices == reference.integers(prefix + "nearest"))
      expectClose(found.distances, reference.doubles(prefix + "distance"), tolerance: 1e-12, "distance")
      let within = try nearestNeighbours(of: a, in: a, leavingOutItself: true)
      #expect(within.indices == reference.integers(prefix + "nearest.self"))
    }
    let itself = try nearestNeighbours(of: b, in: b)
    #expect(itself.distances.allSatisfy { $0 == 0 })
  }

  @Test(arguments: ["", "lattice."]) func precisionAndRecallAgreeWithNumPy(prefix: String) throws {
    let reference = try Fixture("scoring")
    let (a, b) = try sets(prefix)
    var last = (done: 0, of: 0)
    let found = try precisionAndRecall(a, references: b) { last = ($0, $1) }
    #expect(last.done == last.of && last.of > 0)
    #expect(found.precision == reference.doubles(prefix + "precision")[0])
    #expect(found.recall == reference.doubles(prefix + "recall")[0])
  }

  /// Balls hold their surfaces; copies are neighbours at distance 0; a picture is no neighbour of itself.
  @Test func ballsOnALine() throws {
    // Radii, k = 1: 1, 1, 0, 0. The balls hold -1 to 2, and 7; of the samples that is one.
    let references = try Features(Tensor([4, 1], [0, 1, 7, 7]), of: "references")
    // Radii: 1, 1, 4.5, 0.5, 0.5. The balls hold 1 to 4, 3 to 12 and 11.5 to 13; of the references all but the first.
    let samples = try Features(Tensor([5, 1], [2, 3, 7.5, 12, 12.5]), of: "samples")
    let found = try precisionAndRecall(samples, references: references, neighbours: 1)
    #expect(found.precision == 0.2 && found.recall == 0.75)
  }

  @Test("Of many references that are sorted, some from all over are used, not the first")
  func sortedReferences() throws {
    let places: [Float] = [0, 100, 200, 300].flatMap { (start: Int) -> [Float] in (0..<10).map { Float(start + $0) } }
    let sorted = try Features(Tensor([40, 1], places), of: "sorted")
    let samples = try Features(Tensor([8, 1], [4, 5, 104, 105, 204, 205, 304, 305]), of: "samples")
    // Two to three of each ten, whose balls reach over all of it.
    let found = try precisionAndRecall(samples, references: sorted, neighbours: 1, most: 10)
    #expect(found.precision == 1)
    let whole = try precisionAndRecall(samples, references: sorted, neighbours: 1, most: 40)
    #expect(try precisionAndRecall(samples, references: sorted, neighbours: 1) == whole)
  }

  /// Pairs that products in float32 cannot tell apart, because other pictures are far away: on a ball's surface, and
  /// outside by the last bit.
  @Test func closeCallsAreDecidedInDoublePrecision() throws {
    let width = 64
    func picture(_ last: Float) -> [Float] { (0..<width).map { $0 == width - 1 ? last : Float($0 * $0 % 11) } }
    let far: [Float] = (0..<width).map { Float($0 * 5 % 17) * 300 }
    // Radii 1, 1, 0, 0.
    let references = try Features(
      Tensor([4, width], picture(0) + picture(1) + far + far), of: "references")
    let places: [Float] = [-1, (-1 as Float).nextDown, 2, (2 as Float).nextUp]
    let samples = try Features(Tensor([4, width], places.flatMap(picture)), of: "samples")
    #expect(try precisionAndRecall(samples, references: references, neighbours: 1).precision == 0.5)
    let others = try Features(
      Tensor([4, width], far + picture((1 as Float).nextUp) + picture(-1) + picture(1)), of: "others")
    let origin = try Features(Tensor([1, width], picture(0)), of: "origin")
    #expect(try nearestNeighbours(of: origin, in: others).indices == [2])
  }

  @Test func tooFewPicturesAreRefused() throws {
    let three = try Features(Tensor([3, 1], [1, 2, 3]), of: "three")
    let four = try Features(Tensor([4, 1], [1, 2, 3, 4]), of: "four")
    let one = try Features(Tensor([1, 1], [1]), of: "one")
    let wide = try Features(Tensor(zeros: [4, 2]), of: "wide")
    let few = ScoringError.tooFew(what: "three", count: 3, needed: 4, for: "precision and recall")
    #expect(throws: few) { try precisionAndRecall(three, references: four) }
    #expect(throws: few) { try precisionAndRecall(four, references: three) }
    #expect(throws: ScoringError.tooFew(what: "one", count: 1, needed: 2, for: "nearest neighbours")) {
      try nearestNeighbours(of: one, in: one, leavingOutItself: true)
    }
    #expect(throws: ScoringError.differentFeatures(what: "four", 1, other: "wide", 2)) {
      try nearestNeighbours(of: four, in: wide)
    }
    #expect(throws: ScoringError.differentFeatures(what: "four", 1, other: "wide", 2)) {
      try precisionAndRecall(four, references: wide)
    }
  }
}
