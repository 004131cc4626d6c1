/// The timesteps that a code base's DDIM visits for a number of steps, and the levels that its steps lead to.
public enum TimestepGrid: Sendable, Equatable {
  /// The original's.
  case original
  /// From T - 1 down to the noiseless image in equal steps: ⌊linspace(-1, T - 1)⌋ (lucidrains since 0.27.8).
  case equalSteps
  /// The inner points of as many parts of 0…T and one more, each step leading to the level before the next timestep
  /// (lucidrains 0.25.0 to 0.27.4).
  case innerPoints
  /// The same timesteps, each step leading to the next one's level; the last of them, 0, is where sampling ends
  /// (lucidrains 0.27.5 to 0.27.7).
  case innerPointsToZero
}

extension NoiseLevels {
  /// `steps` levels of the process with `betas` on a grid other than the original's.
  ///
  /// - Throws: `SpacingError` if `steps` is not in 1 … T.
  public init(betas: [Double], steps: Int, grid: TimestepGrid) throws(SpacingError) {
    let count = betas.count
    guard steps >= 1 else { throw .malformed("\(steps)") }
    guard steps <= count else { throw .tooMany(steps: steps, available: count, section: nil) }
    let alphasCumprod = cumulativeProducts(betas)
    /// ᾱ of the level before a timestep.
    func before(_ timestep: Int) -> Double { timestep == 0 ? 1 : alphasCumprod[timestep - 1] }
    let points: [Int]
    switch grid {
    case .original, .equalSteps: points = linspace(from: -1, to: Float(count - 1), count: steps + 1)
    case .innerPoints, .innerPointsToZero:
      points = linspace(from: 0, to: Float(count), count: steps + 2).dropLast()
    }
    let visited = points.dropFirst()
    var levels = NoiseLevels(
      timesteps: visited.map(Double.init), alphasCumprod: visited.map { alphasCumprod[$0] })
    switch grid {
    case .original, .equalSteps: break
    case .innerPoints:
      levels.alphasCumprodPrev = points.dropLast().map(before)
      levels.variance.alphasCumprod = visited.map(before)
    case .innerPointsToZero:
      levels.alphasCumprodPrev = points.dropLast().map { alphasCumprod[$0] }
      levels.variance.isQuietAtEnd = true
    }
    self = levels
  }
}

/// How a code base's DDIM takes the variance of its steps, where that is not the formula's.
public struct VarianceOfSteps: Sendable, Equatable {
  /// ᾱ of each level in the variance; nil for the levels' own.
  public var alphasCumprod: [Double]?
  /// Whether the last step adds no noise, though its variance is not 0.
  public var isQuietAtEnd = false

  /// The formula's.
  public init() {}
}

/// `torch.linspace(first, last, count)` in float32, without the fractions: up from the first in the first half, down
/// from the last in the second, each product and sum rounded once.
private func linspace(from first: Float, to last: Float, count: Int) -> [Int] {
  let step = (last - first) / Float(count - 1)
  return (0..<count).map { i in
    let value =
      i < count / 2 ? first.addingProduct(step, Float(i)) : last.addingProduct(-step, Float(count - 1 - i))
    return Int(value)
  }
}
