import TensorCore

/// Noise of either kind, chosen at run time. An enum rather than an existential, so that whoever goes on drawing can
/// take PyTorch's generator out of it again.
public enum AnyNoise: NoiseSource {
  /// See `PhiloxNoise`.
  case philox(PhiloxNoise)
  /// See `TorchNoise`.
  case torch(TorchNoise)

  /// The next draw of the kind chosen, `[N, C, …]`.
  public mutating func next() -> Tensor {
    switch self {
    case .philox(var noise):
      defer { self = .philox(noise) }
      return noise.next()
    case .torch(var noise):
      defer { self = .torch(noise) }
      return noise.next()
    }
  }

  /// Passes over a draw of the kind chosen.
  public mutating func skip() {
    switch self {
    case .philox(var noise):
      noise.skip()
      self = .philox(noise)
    case .torch(var noise):
      noise.skip()
      self = .torch(noise)
    }
  }
}
