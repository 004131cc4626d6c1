import DiffusionPlatform

/// The contribution of one element to the variational bound, in nats, and its derivatives with respect to the predicted
/// Gaussian.
struct VariationalTerm {
  let value: Double
  /// The derivative with respect to the predicted mean.
  let byMean: Double
  /// The derivative with respect to the predicted log variance.
  let byLogVariance: Double

  /// The Kullback–Leibler divergence KL(posterior ‖ model), part of L_{t-1} in Ho et al. 2020, eq. 5 (the original's
  /// `normal_kl`).
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

  /// The negative log-likelihood of `x`, in [-1, 1], as one of 256 levels: -log of the Gaussian's probability within
  /// half a level of `x`, or, at the two end levels, of everything beyond as well (Ho et al. 2020, eq. 13; the
  /// original's `discretized_gaussian_log_likelihood`).
  ///
  /// Probabilities below 10⁻¹² are clamped to 10⁻¹², and the derivatives are then 0.
  static func discretizedGaussianNLL(_ x: Float, mean: Double, logVariance: Double) -> VariationalTerm {
    let inverseDeviation = exp(-0.5 * logVariance)
    let centered = Double(x) - mean
    let (upper, lower) = (inverseDeviation * (centered + 1 / 255), inverseDeviation * (centered - 1 / 255))
    // Compared in float32, as in the original: rounding must not decide which levels are the ends.
    let (isLowest, isHighest) = (x < -0.999, x > 0.999)
    let above = isHighest ? (value: 1.0, slope: 0.0) : approximateNormalCDF(upper)
    let below = isLowest ? (value: 0.0, slope: 0.0) : approximateNormalCDF(lower)
    let probability = above.value - below.value
    // NaN fails this comparison, so it reaches the loss.
    if probability < smallestProbability {
      return VariationalTerm(value: -log(smallestProbability), byMean: 0, byLogVariance: 0)
    }
    // d upper / d mean = -1/σ, d upper / d log σ² = -upper / 2; the same for lower.
    return VariationalTerm(
      value: -log(probability), byMean: inverseDeviation * (above.slope - below.slope) / probability,
      byLogVariance: 0.5 * (above.slope * upper - below.slope * lower) / probability)
  }

  private static let smallestProbability = 1e-12

  /// The original's approximation of the standard normal CDF, accurate to 2·10⁻⁴, and its slope.
  private static func approximateNormalCDF(_ x: Double) -> (value: Double, slope: Double) {
    let scale = (2 / Double.pi).squareRoot()
    let t = tanh(scale * (x + 0.044715 * x * x * x))
    return (0.5 * (1 + t), 0.5 * (1 - t * t) * scale * (1 + 3 * 0.044715 * x * x))
  }
}
