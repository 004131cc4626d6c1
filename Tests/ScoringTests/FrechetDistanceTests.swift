import TensorCore
import TestSupport
import Testing

@testable import DiffusionScoring

/// The Fréchet distance, against SciPy and closed forms.
struct FrechetDistanceTests {
  private func moments(_ name: String) throws -> FeatureMoments {
    try FeatureMoments(of: ScoringFixture.features(name))
  }

  /// Regular covariances and singular ones, of features some of which do not change in one set.
  @Test(arguments: ["", "few."]) func agreesWithSciPy(prefix: String) throws {
    let reference = try Fixture("scoring")
    let (a, b) = (try moments(prefix + "a"), try moments(prefix + "b"))
    let expected = reference.doubles(prefix + "roots")
    let largest = try #require(expected.last)
    for (first, second) in [(a, b), (b, a)] {
      let roots = rootsOfProduct(first.covariance, second.covariance, order: 17)
      // Zeros may be left out, on either side.
      let found = [Double](repeating: 0, count: max(0, expected.count - roots.count)) + roots
      expectClose(found.suffix(expected.count), expected, tolerance: 1e-7 * largest, "root")
      let (sum, expectedSum) = (roots.reduce(0, +), expected.reduce(0, +))
      #expect(abs(sum - expectedSum) <= 1e-7 * expectedSum)
      let expectedDistance = reference.doubles(prefix + "frechet")[0]
      #expect(abs(try frechetDistance(first, second) - expectedDistance) <= 1e-8 * expectedDistance)
    }
    if prefix == "" {
      let roots = rootsOfProduct(a.covariance, b.covariance, order: 17)
      expectClose(
        roots.map { $0 * $0 }, expected.map { $0 * $0 }, tolerance: 1e-13 * largest * largest, "eigenvalue")
    }
  }

  /// Multiplied by a power of two the distance is that of the covariances, to the last bit, even where the products of
  /// covariances are no doubles.
  @Test(arguments: [-900, -300, 300, 900]) func scaleDoesNotMatter(exponent: Int) throws {
    let (a, b) = (try moments("a"), try moments("b"))
    let factor = power(exponent)
    let distances = try [1, factor].map { factor in
      func scaled(_ moments: FeatureMoments) throws -> FeatureMoments {
        try FeatureMoments(
          mean: moments.mean.map { _ in 0 }, covariance: moments.covariance.map { $0 * factor }, of: "scaled")
      }
      return try frechetDistance(scaled(a), scaled(b))
    }
    #expect(distances[1] == distances[0] * factor)
  }

  /// Features whose scales are far apart: each counts by its own.
  @Test func featuresMayHaveScalesOfTheirOwn() throws {
    let deviations: [(Double, Double)] = [(1e150, 1e-150), (1, 2), (1e-8, 1), (3e-12, 5e-12), (0, 7)]
    func moments(_ deviations: [Double]) throws -> FeatureMoments {
      var covariance = [Double](repeating: 0, count: 25)
      for (i, deviation) in deviations.enumerated() { covariance[i * 6] = deviation * deviation }
      return try FeatureMoments(mean: [0, 0, 0, 0, 0], covariance: covariance, of: "diagonal")
    }
    let (a, b) = (try moments(deviations.map(\.0)), try moments(deviations.map(\.1)))
    let roots = rootsOfProduct(a.covariance, b.covariance, order: 5)
    expectClose(roots, [1.5e-23, 1e-8, 1, 2], tolerance: 1e-14, "root")
  }

  /// C = H·diag(d)·H, H = I - 2·u·uᵀ a reflection: all such covariances commute, and the root of a product is that of
  /// its diagonals. D = 301 fits into no block.
  @Test func agreesWithTheClosedForm() throws {
    let order = 301
    let direction = (0..<order).map { Double($0 % 7 + 1) }
    let length = direction.map { $0 * $0 }.reduce(0, +).squareRoot()
    let u = direction.map { $0 / length }
    func reflected(_ diagonal: [Double]) -> [Double] {
      var sum = 0.0
      for i in 0..<order { sum += u[i] * u[i] * diagonal[i] }
      var matrix = [Double](repeating: 0, count: order * order)
      for i in 0..<order {
        for j in 0..<order {
          let factor = 4 * sum - 2 * (diagonal[i] + diagonal[j])
          matrix[i * order + j] = u[i] * u[j] * factor + (i == j ? diagonal[i] : 0)
        }
      }
      return matrix
    }
    let first = (0..<order).map { i -> Double in 1 + Double(i * 37 % 101) / 10 }
    let second = (0..<order).map { i -> Double in 0.01 + Double(i * 53 % 89) / 40 }
    let mean = (0..<order).map { Double($0) / 300 }
    let a = try FeatureMoments(mean: mean, covariance: reflected(first), of: "a")
    let b = try FeatureMoments(mean: mean.map { $0 - 0.25 }, covariance: reflected(second), of: "b")
    var expected = Double(order) / 16
    for (x, y) in zip(first, second) {
      let difference = x.squareRoot() - y.squareRoot()
      expected += difference * difference
    }
    let roots = zip(first, second).map { ($0 * $1).squareRoot() }.sorted()
    var results: Set<Double> = []
    try withNumbersOfThreads {
      let found = try frechetDistance(a, b)
      results.insert(found)
      #expect(abs(found - expected) <= 1e-12 * expected)
    }
    expectClose(rootsOfProduct(a.covariance, b.covariance, order: order), roots, tolerance: 1e-12, "root")
    #expect(results.count == 1)
    #expect(try frechetDistance(a, a) < 1e-11)
  }

  /// A singular covariance that was stored as float32 has negative eigenvalues, which are no part of it.
  @Test func roundingOfACovarianceIsNotTakenForOne() throws {
    let (a, b) = (try moments("few.a"), try moments("few.b"))
    func rounded(_ moments: FeatureMoments) throws -> FeatureMoments {
      try FeatureMoments(
        mean: moments.mean, covariance: moments.covariance.map { Double(Float($0)) }, of: moments.what)
    }
    let (found, expected) = (try frechetDistance(rounded(a), rounded(b)), try frechetDistance(a, b))
    #expect(abs(found - expected) < 2e-4 * expected)
  }

  @Test func nothingInCommonIsTheSumOfTheVariances() throws {
    let a = try FeatureMoments(mean: [0, 0], covariance: [3, 0, 0, 0], of: "a")
    let b = try FeatureMoments(mean: [0, 2], covariance: [0, 0, 0, 5], of: "b")
    let still = try FeatureMoments(mean: [1, 0], covariance: [0, 0, 0, 0], of: "still")
    #expect(try frechetDistance(a, b) == 12)
    #expect(try frechetDistance(a, still) == 4)
    #expect(try frechetDistance(still, still) == 0)
  }

  @Test func differentFeaturesAreRefused() throws {
    let a = try FeatureMoments(mean: [0, 0], covariance: [3, 0, 0, 1], of: "a.npz")
    let b = try FeatureMoments(mean: [0], covariance: [5], of: "b.npz")
    let expected = ScoringError.differentFeatures(what: "a.npz", 2, other: "b.npz", 1)
    #expect(throws: expected) { try frechetDistance(a, b) }
    #expect(
      expected.description == "a.npz has 2 features for each picture and b.npz 1: score both with the same network")
  }
}
