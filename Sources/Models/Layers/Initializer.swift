import DiffusionPlatform
import TensorCore

/// How a fresh model's parameter is drawn.
public enum Initializer: Sendable {
  /// All 0, as the last layer of a residual branch (`zero_module`) and the shifts of a normalisation.
  case zeros
  /// All 1, as the scales of a normalisation.
  case ones
  /// Uniform in [-bound, bound], as PyTorch's convolutions and linear layers with bound 1/√fan-in.
  case uniform(bound: Float)
  /// Normal with mean 0, as PyTorch's embeddings with deviation 1.
  case normal(deviation: Float)

  /// A tensor of `shape`, drawn by a generator of its own for each seed and name.
  func draw(_ shape: [Int], seed: UInt64, name: String) -> Tensor {
    var generator = Generator(seed: seed, name: name)
    let count = shape.reduce(1, *)
    switch self {
    case .zeros: return Tensor(zeros: shape)
    case .ones: return Tensor(shape, [Float](repeating: 1, count: count))
    case .uniform(let bound):
      return Tensor(shape, (0..<count).map { _ in Float(2 * generator.uniform() - 1) * bound })
    case .normal(let deviation):
      return Tensor(
        shape,
        (0..<count).map { _ in
          // Box & Muller 1958; 1 - u is never 0.
          deviation * Float((-2 * log(1 - generator.uniform())).squareRoot() * cos(2 * .pi * generator.uniform()))
        })
    }
  }
}

/// Numbers from a seed and a name.
private struct Generator {
  private var state: UInt64

  init(seed: UInt64, name: String) { state = SplitMix64.state(seed: seed, name: name) }

  /// In [0, 1), 53 bits.
  mutating func uniform() -> Double {
    state &+= SplitMix64.increment
    return Double(SplitMix64.number(state) >> 11) * 0x1p-53
  }
}
