import DiffusionPlatform
import TensorCore

/// How a parameter of a new model is drawn.
public enum Initializer: Sendable {
  /// All 0, for the last layer of a residual branch (`zero_module`) and the biases of a normalisation.
  case zeros
  /// All 1, for the weights of a normalisation.
  case ones
  /// Uniform in [-bound, bound]; PyTorch's convolutions and linear layers have the bound 1/√fan-in.
  case uniform(bound: Float)
  /// Normal with mean 0; PyTorch's embeddings have the standard deviation 1.
  case normal(standardDeviation: Float)

  /// A tensor of `shape`, drawn by a generator that depends only on `seed` and `name`.
  func draw(_ shape: [Int], seed: UInt64, name: String) -> Tensor {
    var generator = Generator(seed: seed, name: name)
    let count = shape.reduce(1, *)
    switch self {
    case .zeros: return Tensor(zeros: shape)
    case .ones: return Tensor(shape, [Float](repeating: 1, count: count))
    case .uniform(let bound):
      return Tensor(shape, (0..<count).map { _ in Float(2 * generator.uniform() - 1) * bound })
    case .normal(let sigma):
      return Tensor(
        shape,
        (0..<count).map { _ in
          // Box & Muller 1958; 1 - u is never 0.
          sigma * Float((-2 * log(1 - generator.uniform())).squareRoot() * cos(2 * .pi * generator.uniform()))
        })
    }
  }
}

/// A random number generator seeded by a number and a name.
private struct Generator {
  private var state: UInt64

  init(seed: UInt64, name: String) { state = SplitMix64.state(seed: seed, name: name) }

  /// Uniform in [0, 1), with 53 random bits.
  mutating func uniform() -> Double {
    state &+= SplitMix64.increment
    return Double(SplitMix64.number(state) >> 11) * 0x1p-53
  }
}
