import DiffusionScoring
import TensorCore
import TestSupport
import Testing

/// KID, against the definition in NumPy.
struct KernelDistanceTests {
  @Test func agreesWithNumPy() throws {
    let expected = try Fixture("scoring").doubles("kid")[0]
    let (a, b) = (try ScoringFixture.features("a"), try ScoringFixture.features("b"))
    #expect(abs(try kernelDistance(a, b) - expected) < 1e-8)
  }

  /// More pictures than a block has, of different numbers; any number of threads gives the same bits.
  @Test func agreesWithNumPyBlockByBlock() throws {
    let expected = try Fixture("scoring").doubles("lattice.kid")[0]
    let (a, b) = (try ScoringFixture.lattice(1100, 6, seed: 1), try ScoringFixture.lattice(1050, 6, seed: 5))
    var results: Set<Double> = []
    try withNumbersOfThreads {
      var last = (done: 0, of: 0)
      results.insert(try kernelDistance(a, b) { last = ($0, $1) })
      #expect(last == (10, 10))
    }
    let found = try #require(results.first)
    #expect(results.count == 1)
    // The kernel's mean is 10⁵ here, of which this is what float32 leaves.
    #expect(abs(found - expected) < 1e-5 * expected)
  }

  /// Of two pictures each: (0·0 + 1)³ = 1, (2·2/1 + 1)³ = 125, …
  @Test func smallNumbers() throws {
    let x = try Features(Tensor([2, 1], [0, 1]), of: "x")
    let y = try Features(Tensor([2, 1], [2, -1]), of: "y")
    // k(x₀, x₁) = 1; k(y₀, y₁) = (-2 + 1)³ = -1; k(x, y): 1, 1, 27, 0.
    #expect(abs(try kernelDistance(x, y) - (1 - 1 - 2 * 29.0 / 4)) < 1e-6)
  }

  /// Features so large or small that their products are no float32.
  @Test(arguments: [Float(0x1p80), 0x1p-80]) func scaleDoesNotMatter(factor: Float) throws {
    let x = try Features(Tensor([3, 2], [1, 2, 3, 5, 4, 4].map { $0 * factor }), of: "x")
    let y = try Features(Tensor([2, 2], [7, 1, 0, 2].map { $0 * factor }), of: "y")
    func kernel(_ a: [Double], _ b: [Double]) -> Double {
      let product: Double = (a[0] * b[0] + a[1] * b[1]) * Double(factor) * Double(factor)
      let value = product / 2 + 1
      return value * value * value
    }
    let a: [[Double]] = [[1, 2], [3, 5], [4, 4]]
    let b: [[Double]] = [[7, 1], [0, 2]]
    var expected = (kernel(a[0], a[1]) + kernel(a[0], a[2]) + kernel(a[1], a[2])) / 3
    expected += kernel(b[0], b[1])
    for x in a {
      for y in b { expected -= kernel(x, y) / 3 }
    }
    #expect(abs(try kernelDistance(x, y) - expected) < 1e-5 * max(abs(expected), 1))
  }

  @Test func onePictureIsTooFew() throws {
    let one = try Features(Tensor([1, 2], [1, 2]), of: "one")
    let two = try Features(Tensor(zeros: [2, 2]), of: "two")
    let other = try Features(Tensor(zeros: [2, 3]), of: "other")
    let few = ScoringError.tooFew(what: "one", count: 1, needed: 2, for: "KID")
    #expect(throws: few) { try kernelDistance(one, two) }
    #expect(throws: few) { try kernelDistance(two, one) }
    #expect(throws: ScoringError.differentFeatures(what: "two", 2, other: "other", 3)) {
      try kernelDistance(two, other)
    }
  }
}
