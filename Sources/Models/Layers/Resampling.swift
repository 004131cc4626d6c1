import TensorCore

/// What a residual block does to the resolution, without parameters (guided-diffusion's `ResBlock(up: …, down: …)`).
enum Resampling: Sendable {
  case none
  /// Pixels are averaged.
  case down
  /// Pixels are repeated.
  case up

  /// `[N, H, W, C]` → the same resampled; enlarged pixels are not written out, but read where they are needed.
  func callAsFunction(_ x: FusedInput) -> FusedInput {
    switch self {
    case .none: x
    case .down: FusedInput(x.tensor().averagePooled())
    case .up: x.enlarged()
    }
  }

  /// The spatial size that `size` becomes.
  func size(_ size: [Int]) -> [Int] {
    let factors = resamplingFactors(dims: size.count)
    return switch self {
    case .none: size
    case .down: zip(size, factors).map { $0 / $1 }
    case .up: zip(size, factors).map { $0 * $1 }
    }
  }
}

/// By how much each spatial dimension is resampled between levels: 2, but 1 for the first of three.
func resamplingFactors(dims: Int) -> [Int] { dims == 3 ? [1, 2, 2] : [Int](repeating: 2, count: dims) }
