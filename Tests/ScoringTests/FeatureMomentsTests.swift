import DiffusionScoring
import TensorCore
import TestSupport
import Testing

/// Means and covariances, against NumPy's.
struct FeatureMomentsTests {
  /// The lattice has more rows than are summed at once, and so an origin that is not its mean.
  @Test(arguments: ["a", "b", "few.a", "few.b", "lattice"])
  func agreeWithNumPy(name: String) throws {
    let reference = try Fixture("scoring")
    let features =
      try name == "lattice" ? ScoringFixture.lattice(1100, 6, seed: 1) : ScoringFixture.features(name)
    let moments = try FeatureMoments(of: features)
    let (mean, covariance) = (reference.doubles(name + ".mean"), reference.doubles(name + ".covariance"))
    expectClose(moments.mean, mean, tolerance: 1e-14 * max(1, mean.max() ?? 0), "mean")
    expectClose(moments.covariance, covariance, tolerance: 1e-14 * max(1, covariance.max() ?? 0), "covariance")
  }

  /// Deviations that are small beside the mean keep their digits. The exact numbers are those of the deviations alone.
  @Test func aMeanFarFromZeroCostsNoDigits() throws {
    let deviations = (0..<1000).map { row in [row * 37 % 101, row * row % 89] }
    let values = deviations.flatMap { $0.map { 4096 + Float($0) / 1024 } }
    let moments = try FeatureMoments(of: try Features(Tensor([1000, 2], values), of: "far"))
    for (i, j) in [(0, 0), (0, 1), (1, 1)] {
      let products = deviations.reduce(0) { $0 + $1[i] * $1[j] }
      let (sum, other) = (deviations.reduce(0) { $0 + $1[i] }, deviations.reduce(0) { $0 + $1[j] })
      let exact = Double(1000 * products - sum * other) / (1000 * 999 * 1024 * 1024)
      #expect(abs(moments.covariance[2 * i + j] - exact) < 1e-12 * moments.covariance[3], "\(i), \(j)")
    }
  }

  /// A feature that does not change has no variance, not even by rounding: 0.3 is none of the numbers that float32 has.
  @Test func constantsHaveNoVariance() throws {
    let moments = try FeatureMoments(of: ScoringFixture.features("few.a"))
    #expect(moments.covariance.prefix(17).allSatisfy { $0 == 0 })
  }

  /// More rows than are summed at once, in parts of several sizes.
  @Test func partsAndThreadsDoNotChangeTheBits() throws {
    let features = try ScoringFixture.lattice(700, 9, seed: 2)
    let whole = try FeatureMoments(of: features)
    try withNumbersOfThreads {
      for size in [1, 100, 256, 699] {
        var sums = MomentSums(dimensions: 9, of: "parts")
        for start in stride(from: 0, to: 700, by: size) {
          try sums.add(features.values.rows(start..<min(start + size, 700)))
        }
        let moments = try sums.moments()
        #expect(sums.count == 700 && moments.count == 700)
        #expect(moments.mean == whole.mean && moments.covariance == whole.covariance, "parts of \(size)")
      }
    }
  }

  /// Moments in between leave the sums as they are.
  @Test func moreCanBeAddedAfterMoments() throws {
    let features = try ScoringFixture.lattice(300, 5, seed: 3)
    var sums = MomentSums(dimensions: 5, of: "parts")
    try sums.add(features.values.rows(0..<40))
    #expect(try sums.moments().covariance == FeatureMoments(of: first(40, features)).covariance)
    try sums.add(features.values.rows(40..<300))
    #expect(try sums.moments().covariance == FeatureMoments(of: features).covariance)
  }

  private func first(_ count: Int, _ features: Features) throws -> Features {
    try Features(features.values.rows(0..<count), of: "first")
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func whatIsNoNumberIsRefused(value: Float) throws {
    var values = Tensor(zeros: [4, 3])
    values[7] = value
    #expect(throws: ScoringError.notFinite(what: "samples", index: 2)) { try Features(values, of: "samples") }
    var sums = MomentSums(dimensions: 3, of: "samples")
    try sums.add(Tensor(zeros: [5, 3]))
    #expect(throws: ScoringError.notFinite(what: "samples", index: 7)) { try sums.add(values) }
    #expect(sums.count == 5)
  }

  @Test func onePictureHasNoCovariance() throws {
    let one = try Features(Tensor([1, 2], [1, 2]), of: "x")
    let expected = ScoringError.tooFew(what: "x", count: 1, needed: 2, for: "a covariance")
    #expect(throws: expected) { try FeatureMoments(of: one) }
    #expect(expected.description == "x: 1 picture is too few for a covariance; 2 are needed")
  }

  /// A mean and a covariance from a file.
  @Test func whatCannotBeMomentsIsRefused() throws {
    func reason(_ mean: [Double], _ covariance: [Double]) throws -> String? {
      do {
        _ = try FeatureMoments(mean: mean, covariance: covariance, of: "x.npz")
        return nil
      } catch ScoringError.notMoments(what: "x.npz", let reason) { return reason }
    }
    #expect(try reason([1, 2], [2, 1, 1, 2]) == nil)
    #expect(try reason([1, 2], [2, 1, 1]) == "2 means and 3 numbers of a covariance do not belong together")
    #expect(try reason([], []) == "0 means and 0 numbers of a covariance do not belong together")
    #expect(try reason([1, .nan], [2, 1, 1, 2]) == "some are no numbers")
    #expect(try reason([1, 2], [2, 1, 1, .infinity]) == "some are no numbers")
    #expect(try reason([1, 2], [2, 1, 0.9, 2]) == "the covariance is not symmetric")
    #expect(try reason([1, 2], [2, 0, 0, -1]) == "the variance of feature 1 is negative")
    // What rounding does is evened out.
    let moments = try FeatureMoments(mean: [1, 2], covariance: [2, 1, 1 + 0x1p-20, 2], of: "x.npz", count: 9)
    #expect(moments.covariance == [2, 1 + 0x1p-21, 1 + 0x1p-21, 2] && moments.count == 9)
  }

  @Test func fewerPicturesThanFeaturesAreRemarkedUpon() throws {
    let remark = try #require(FeatureMoments(of: ScoringFixture.features("few.a")).remark)
    #expect(
      remark
        == "few.a: 9 pictures are fewer than the 17 features: the covariance is singular and the distance biased "
        + "upwards; compare it only with distances of as many pictures")
    #expect(try FeatureMoments(of: ScoringFixture.features("a")).remark == nil)
    let equal = try Features(Tensor([2, 2], [1, 2, 3, 5]), of: "equal")
    #expect(
      try FeatureMoments(of: equal).remark?.hasPrefix("equal: 2 pictures are no more than the 2 features") == true)
    let unknown = try FeatureMoments(mean: [1], covariance: [2], of: "x.npz")
    #expect(unknown.remark == nil)
  }
}
