import DiffusionCheckpoints
import TensorCore

// The original's basic layers (`nn.py`), built from the weights under a scope. The parameters of a new model are drawn
// as in PyTorch, uniformly within ±1/√fan-in.

extension Convolution: Layer {
  /// The layer `conv_nd(dims, inChannels, outChannels, kernel, stride, padding: kernel / 2)`.
  ///
  /// - Parameter zero: whether the layer of a new model starts at zero, as the last of a residual branch does
  ///   (`zero_module`).
  /// - Parameter level: how many times the layer's output has been halved.
  init(
    _ weights: Weights, configuration: UNetConfiguration, level: Int, inChannels: Int, outChannels: Int, kernel: Int,
    stride: [Int]? = nil, padding: Padding = .same, zero: Bool = false
  ) throws(CheckpointError) {
    let dims = configuration.dims
    let taps = (0..<dims).reduce(1) { product, _ in product * kernel }
    let initializer = Initializer.parameters(fanIn: inChannels * taps, zero: zero)
    self.init(
      weight: try weights.parameter(
        "weight", [outChannels, inChannels] + [Int](repeating: kernel, count: dims), initializer),
      bias: try weights.parameter("bias", [outChannels], initializer),
      stride: stride ?? [Int](repeating: 1, count: dims), padding: padding,
      outputPixels: configuration.imageSize.map { ($0 >> level) * ($0 >> level) })
  }

  /// See `Layer`.
  public func countFlops(_ size: inout [Int]) -> Flops {
    size = outputSize(size)
    return Flops(total: inChannels * outChannels * kernel.reduce(1, *) * size.reduce(1, *))
  }
}

extension Linear {
  /// The layer `linear(inFeatures, outFeatures)`;
  /// `kernelDims` is 1 for a `conv_nd(1, …, 1)` whose weight is `[O, I, 1]`.
  init(
    _ weights: Weights, _ inFeatures: Int, _ outFeatures: Int, kernelDims: Int = 0, zero: Bool = false
  ) throws(CheckpointError) {
    let initializer = Initializer.parameters(fanIn: inFeatures, zero: zero)
    self.init(
      weight: try weights.parameter(
        "weight", [outFeatures, inFeatures] + [Int](repeating: 1, count: kernelDims), initializer),
      bias: try weights.parameter("bias", [outFeatures], initializer))
  }
}

extension GroupNormalization {
  /// The layer `normalization(channels)`.
  init(_ weights: Weights, configuration: UNetConfiguration, _ channels: Int) throws(CheckpointError) {
    self.init(
      weight: try weights.parameter("weight", [channels], .ones),
      bias: try weights.parameter("bias", [channels], .zeros),
      groups: configuration.normGroups, epsilon: configuration.normEpsilon)
  }
}

extension Initializer {
  fileprivate static func parameters(fanIn: Int, zero: Bool) -> Initializer {
    zero ? .zeros : .uniform(bound: 1 / Float(fanIn).squareRoot())
  }
}
