import TensorCore

/// How a residual block changes the resolution, without parameters (guided-diffusion's `ResBlock(up: …, down: …)`).
enum Resampling: Sendable {
  case none
  /// Average pooling.
  case down
  /// Nearest-neighbour upsampling.
  case up

  /// `[N, H, W, C]` → the same, resampled. Upsampling is lazy.
  func callAsFunction(_ x: FusedInput) -> FusedInput {
    switch self {
    case .none: x
    case .down: FusedInput(x.tensor().averagePooled())
    case .up: x.upsampledNearest()
    }
  }

  /// The spatial size after resampling.
  func size(_ size: [Int]) -> [Int] {
    let factors = resamplingFactors(dims: size.count)
    return switch self {
    case .none: size
    case .down: zip(size, factors).map { $0 / $1 }
    case .up: zip(size, factors).map { $0 * $1 }
    }
  }
}

/// The factor between levels of each spatial dimension: 2, but 1 for the first of three.
func resamplingFactors(dims: Int) -> [Int] { dims == 3 ? [1, 2, 2] : [Int](repeating: 2, count: dims) }
