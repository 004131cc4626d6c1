import TensorCore

/// Where a sampler's noise comes from, for one batch: first x_T, then one draw for each step.
public protocol NoiseSource {
  /// The next draw: standard normal, `[N, C, …]`.
  mutating func next() -> Tensor

  /// Passes over a draw that would be multiplied by zero, so that the ones after it stay the same.
  mutating func skip()
}

/// Noise of either kind, chosen at run time.
public enum AnyNoise: NoiseSource {
  /// See `PhiloxNoise`.
  case philox(PhiloxNoise)
  /// See `TorchNoise`.
  case torch(TorchNoise)

  /// The next draw of the kind chosen.
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
