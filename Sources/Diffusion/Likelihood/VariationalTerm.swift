import DiffusionPlatform

/// What one element adds to the variational bound, in nats, and how that changes with the Gaussian that the model
/// predicts.
struct VariationalTerm {
  let value: Double
  /// The derivative with respect to the predicted mean.
  let byMean: Double
  /// The derivative with respect to the logarithm of the predicted variance.
  let byLogVariance: Double

  /// The Kullback–Leibler divergence of the model's Gaussian from the posterior's, one of L_{t-1} of Ho et al. 2020,
  /// eq. 5 (`normal_kl` of the original).
  @inline(__always)
  static func normalKL(
    posteriorMean: Double, posteriorLogVariance: Double, mean: Double, logVariance: Double
  ) -> VariationalTerm {
    let precision = exp(-logVariance)
    let ratio = exp(posteriorLogVariance - logVariance)
    let difference = mean - posteriorMean
    let squares = ratio + difference * difference * precision
    return VariationalTerm(
      value: 0.5 * (logVariance - posteriorLogVariance - 1 + squares), byMean: difference * precision,
      byLogVariance: 0.5 * (1 - squares))
  }

  /// -log of the probability that the Gaussian gives to the values that `x`, in [-1, 1], stands for among 256 levels:
  /// those less than half a level away, and at the ends all beyond (Ho et al. 2020, eq. 13;
  /// `discretized_gaussian_log_likelihood` of the original).
  ///
  /// Probabilities below 10⁻¹² count as 10⁻¹², and so do not change with the Gaussian.
  static func discretizedGaussianNLL(_ x: Float, mean: Double, logVariance: Double) -> VariationalTerm {
    let inverseDeviation = exp(-0.5 * logVariance)
    let centered = Double(x) - mean
    let (upper, lower) = (inverseDeviation * (centered + 1 / 255), inverseDeviation * (centered - 1 / 255))
    // In float32 as the original's comparison: which levels are the ends must not hang on rounding.
    let (isLowest, isHighest) = (x < -0.999, x > 0.999)
    let above = isHighest ? (value: 1.0, slope: 0.0) : approximateNormalCDF(upper)
    let below = isLowest ? (value: 0.0, slope: 0.0) : approximateNormalCDF(lower)
    let probability = above.value - below.value
    // A NaN is not below it, and goes on into the loss.
    if probability < smallestProbability {
      return VariationalTerm(value: -log(smallestProbability), byMean: 0, byLogVariance: 0)
    }
    // d upper / d mean = -1/σ, d upper / d log σ² = -upper / 2; the same for lower.
    return VariationalTerm(
      value: -log(probability), byMean: inverseDeviation * (above.slope - below.slope) / probability,
      byLogVariance: 0.5 * (above.slope * upper - below.slope * lower) / probability)
  }

  private static let smallestProbability = 1e-12

  /// The cumulative distribution of the standard normal as the original approximates it, to within 2·10⁻⁴, with its
  /// slope.
  private static func approximateNormalCDF(_ x: Double) -> (value: Double, slope: Double) {
    let scale = (2 / Double.pi).squareRoot()
    let t = tanh(scale * (x + 0.044715 * x * x * x))
    return (0.5 * (1 + t), 0.5 * (1 - t * t) * scale * (1 + 3 * 0.044715 * x * x))
  }
}
