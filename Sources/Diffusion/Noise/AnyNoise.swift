import TensorCore

/// A noise source chosen at run time. An enum, not an existential, so that PyTorch's generator can be taken out again
/// for further draws.
public enum AnyNoise: NoiseSource {
  /// See `PhiloxNoise`.
  case philox(PhiloxNoise)
  /// See `TorchNoise`.
  case torch(TorchNoise)
  /// See `StackedTorchNoise`.
  case stacked(StackedTorchNoise)

  /// The next draw from the chosen source, `[N, C, …]`.
  public mutating func next() -> Tensor {
    switch self {
    case .philox(var noise):
      defer { self = .philox(noise) }
      return noise.next()
    case .torch(var noise):
      defer { self = .torch(noise) }
      return noise.next()
    case .stacked(var noise):
      defer { self = .stacked(noise) }
      return noise.next()
    }
  }

  /// Skips one draw of the chosen source.
  public mutating func skip() {
    switch self {
    case .philox(var noise):
      noise.skip()
      self = .philox(noise)
    case .torch(var noise):
      noise.skip()
      self = .torch(noise)
    case .stacked(var noise):
      noise.skip()
      self = .stacked(noise)
    }
  }
}
