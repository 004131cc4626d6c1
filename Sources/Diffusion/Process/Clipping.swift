import TensorCore

/// How a sampler keeps x̂₀ within the range of images at each step.
public enum Clipping: Sendable, Equatable {
  /// Not at all.
  case none
  /// Clips to [-bound, bound]; `.range(1)` is the original's `clip_denoised`.
  case range(Double)
  /// Dynamic thresholding (Saharia et al. 2022, "Imagen", §2.3): clips each image to [-s, s] and divides it by s, the
  /// `quantile` of its absolute values, but at least 1 and at most `maximum`.
  case thresholding(quantile: Double, maximum: Double)

  /// Applies it to `xStart`, `[N, C, …]`.
  public func callAsFunction(_ xStart: Tensor) -> Tensor {
    switch self {
    case .none: return xStart
    case .range(let bound):
      let bound = Float(bound)
      return xStart.map { min(max($0, -bound), bound) }
    case .thresholding(let quantile, let maximum):
      return Tensor.stacked(
        (0..<xStart.shape[0]).map { n in
          let image = xStart.rows(n..<n + 1)
          let magnitude = Self.quantile(quantile, of: image.values.map(abs))
          let bound = Float(min(max(1, magnitude), maximum))
          return image.map { min(max($0, -bound), bound) / bound }
        })
    }
  }

  /// The quantile `fraction` of `values`, interpolated linearly between the two nearest, as `torch.quantile` does.
  private static func quantile(_ fraction: Double, of values: [Float]) -> Double {
    let sorted = values.sorted()
    guard let last = sorted.last else { return 0 }
    let rank = fraction * Double(sorted.count - 1)
    let below = Int(rank)
    guard below + 1 < sorted.count else { return Double(last) }
    let (low, high) = (Double(sorted[below]), Double(sorted[below + 1]))
    return low + (rank - Double(below)) * (high - low)
  }
}
