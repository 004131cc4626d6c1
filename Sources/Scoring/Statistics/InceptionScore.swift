import DiffusionPlatform
import TensorCore

/// The pictures of a split of the Inception Score in guided-diffusion's evaluator.
public let inceptionScoreSplit = 5000

/// The Inception Score (Salimans et al. 2016, "Improved Techniques for Training GANs", section 4) as guided-diffusion's
/// evaluator computes it: exp of the mean Kullback-Leibler divergence of a picture's class probabilities from those of
/// its split, meaned over splits of 5,000 pictures in their order.
///
/// The last split may be smaller and counts as much as the others, which makes the score of, say, 5,001 pictures about
/// half of what it was of 5,000: one picture scores 1. Compare scores of the same number of pictures.
///
/// - Parameters:
///   - logits: `[N, classes]`, whose softmax the probabilities are. (OpenAI's are without the last layer's bias.)
///   - splitSize: the pictures of a split.
/// - Throws: `ScoringError.tooFew` if there is no picture.
public func inceptionScore(logits: Features, splitSize: Int = inceptionScoreSplit) throws(ScoringError) -> Double {
  try meanScore(logits, splitSize: splitSize, entropyAndProbabilities: softmax)
}

/// The Inception Score of pictures whose class probabilities are known; see `inceptionScore(logits:splitSize:)`.
///
/// - Parameters:
///   - probabilities: `[N, classes]`, rows of numbers from 0 that add up to 1.
///   - splitSize: the pictures of a split.
/// - Throws: `ScoringError.tooFew` if there is no picture.
public func inceptionScore(
  probabilities: Features, splitSize: Int = inceptionScoreSplit
) throws(ScoringError) -> Double {
  try meanScore(probabilities, splitSize: splitSize) { row, target in
    var sum = 0.0
    for i in 0..<target.count {
      target[i] = Double(row[i])
      sum += timesLogarithm(target[i])
    }
    return sum
  }
}

/// The mean over splits; the closure writes a row's probabilities p and returns Σ p·log p.
private func meanScore(
  _ features: Features, splitSize: Int,
  entropyAndProbabilities: (UnsafePointer<Float>, UnsafeMutableBufferPointer<Double>) -> Double
) throws(ScoringError) -> Double {
  precondition(splitSize >= 1, "splits of \(splitSize) pictures have no score")
  try features.require(1, for: "the Inception Score")
  let classes = features.dimensions
  let starts = stride(from: 0, to: features.count, by: splitSize)
  let scores = features.values.withUnsafePointer { values in
    starts.map { start in
      let rows = start..<min(start + splitSize, features.count)
      var (total, sums) = (0.0, [Double](repeating: 0, count: classes))
      withUnsafeTemporaryAllocation(of: Double.self, capacity: classes) { probabilities in
        for row in rows {
          total += entropyAndProbabilities(values + row * classes, probabilities)
          for i in 0..<classes { sums[i] += probabilities[i] }
        }
      }
      // The mean over pictures of Σ p·(log p - log q), q being the mean of p, is that of Σ p·log p, minus Σ q·log q.
      let count = Double(rows.count)
      return exp(total / count - sums.reduce(0) { $0 + timesLogarithm($1 / count) })
    }
  }
  return scores.reduce(0, +) / Double(scores.count)
}

/// Writes exp(x) / Σ exp(x), and returns Σ p·log p.
private func softmax(_ row: UnsafePointer<Float>, _ target: UnsafeMutableBufferPointer<Double>) -> Double {
  var largest = -Double.infinity
  for i in 0..<target.count { largest = max(largest, Double(row[i])) }
  var sum = 0.0
  for i in 0..<target.count {
    target[i] = exp(Double(row[i]) - largest)
    sum += target[i]
  }
  // log p = x - max - log Σ: the logarithm of an exponential is not taken.
  let logarithm = log(sum)
  var total = 0.0
  for i in 0..<target.count {
    target[i] /= sum
    total += target[i] * (Double(row[i]) - largest - logarithm)
  }
  return total
}

/// p·log p, which is 0 for 0, its limit.
private func timesLogarithm(_ p: Double) -> Double { p > 0 ? p * log(p) : 0 }
