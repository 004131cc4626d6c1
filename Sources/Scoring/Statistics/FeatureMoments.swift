import DiffusionText
import TensorCore

/// The mean and the covariance of pictures' features, all that the Fréchet distance knows of them.
public struct FeatureMoments: Sendable {
  /// What the pictures are, for messages.
  public let what: String
  /// The number of pictures, if it is known: files of moments do not hold it.
  public let count: Int?
  /// D numbers.
  public let mean: [Double]
  /// `[D, D]` in rows, symmetric, divided by N - 1 as `numpy.cov` does.
  public let covariance: [Double]

  /// The number of features of a picture, D.
  public var dimensions: Int { mean.count }

  /// Moments whose shapes fit.
  init(what: String, count: Int?, mean: [Double], covariance: [Double]) {
    (self.what, self.count, self.mean, self.covariance) = (what, count, mean, covariance)
  }

  /// The moments of `features`, in N·D²/2 multiply-adds.
  ///
  /// - Throws: `ScoringError.tooFew` unless there are two pictures.
  public init(of features: Features) throws(ScoringError) {
    var sums = MomentSums(dimensions: features.dimensions, of: features.what)
    try sums.add(features.values)
    self = try sums.moments()
  }

  /// Moments that were computed before, such as `mu` and `sigma` of an npz.
  ///
  /// - Parameters:
  ///   - mean: D numbers.
  ///   - covariance: `[D, D]` in rows. Differences between it and its transpose that rounding explains are evened out.
  ///   - what: what they are, for messages.
  ///   - count: the number of pictures, if it is known.
  /// - Throws: `ScoringError.notMoments` if they cannot be a mean and a covariance.
  public init(mean: [Double], covariance: [Double], of what: String, count: Int? = nil) throws(ScoringError) {
    let width = mean.count
    func refuse(_ reason: String) -> ScoringError { .notMoments(what: what, because: reason) }
    if width == 0 || covariance.count != width * width {
      throw refuse(
        "\(counted(width, "mean")) and \(counted(covariance.count, "number")) of a covariance do not belong together")
    }
    if !(mean.allSatisfy(\.isFinite) && covariance.allSatisfy(\.isFinite)) { throw refuse("some are no numbers") }
    // Between two features a covariance is at most the root of the product of their variances.
    let largest = (0..<width).reduce(0) { max($0, covariance[$1 * width + $1]) }
    var symmetric = covariance
    for i in 0..<width {
      if covariance[i * width + i] < 0 { throw refuse("the variance of feature \(i) is negative") }
      for j in 0..<i {
        let (a, b) = (covariance[i * width + j], covariance[j * width + i])
        if abs(a - b) > 1e-5 * largest { throw refuse("the covariance is not symmetric") }
        // The roots first: the product of tiny variances would be 0.
        let most = covariance[i * width + i].squareRoot() * covariance[j * width + j].squareRoot()
        if abs(a) > 1.001 * most + 1e-5 * largest {
          throw refuse("features \(j) and \(i) vary more together than each does")
        }
        symmetric[i * width + j] = a + (b - a) / 2
        symmetric[j * width + i] = symmetric[i * width + j]
      }
    }
    self.init(what: what, count: count, mean: mean, covariance: symmetric)
  }

  /// What a reader of a distance from these moments should know: that there were too few pictures.
  public var remark: String? {
    guard let count, count <= dimensions else { return nil }
    let comparison = count < dimensions ? "fewer than" : "no more than"
    return "\(sanitized(what)): \(counted(count, "picture")) are \(comparison) the \(grouped(dimensions)) features: "
      + "the covariance is singular and the distance biased upwards; compare it only with distances of as many pictures"
  }
}
