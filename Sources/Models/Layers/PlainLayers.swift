import DiffusionCheckpoints
import TensorCore

// Layers of other code bases' networks: as in `Layers.swift`, but without this UNet's configuration.

extension Convolution {
  /// The layer `Conv2d(inChannels, outChannels, kernel)` under `weights`.
  ///
  /// - Parameters:
  ///   - weights: the layer's scope.
  ///   - inChannels: input channels.
  ///   - outChannels: output channels.
  ///   - kernel: the kernel's side.
  ///   - stride: the stride in both dimensions.
  ///   - padding: where zeros are added.
  ///   - hasBias: whether it has a bias.
  ///   - outputPixels: the pixels of an output picture, if known (see `Convolution`).
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(
    _ weights: Weights, _ inChannels: Int, _ outChannels: Int, kernel: Int, stride: Int = 1,
    padding: Padding = .same, hasBias: Bool = true, outputPixels: Int? = nil
  ) throws(CheckpointError) {
    let initializer = Initializer.uniform(bound: 1 / Float(inChannels * kernel * kernel).squareRoot())
    self.init(
      weight: try weights.parameter("weight", [outChannels, inChannels, kernel, kernel], initializer),
      bias: hasBias
        ? try weights.parameter("bias", [outChannels], initializer) : Parameter(Tensor(zeros: [outChannels])),
      stride: [stride, stride], padding: padding, outputPixels: outputPixels)
  }
}

extension Linear {
  /// The layer `Linear(inFeatures, outFeatures)` under `weights`, or `Conv2d(inFeatures, outFeatures, 1)` with
  /// `kernelDims` 2.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape.
  init(
    _ weights: Weights, _ inFeatures: Int, _ outFeatures: Int, kernelDims: Int = 0, hasBias: Bool
  ) throws(CheckpointError) {
    if hasBias {
      try self.init(weights, inFeatures, outFeatures, kernelDims: kernelDims)
      return
    }
    let initializer = Initializer.uniform(bound: 1 / Float(inFeatures).squareRoot())
    self.init(
      weight: try weights.parameter(
        "weight", [outFeatures, inFeatures] + [Int](repeating: 1, count: kernelDims), initializer),
      bias: Parameter(Tensor(zeros: [outFeatures])))
  }
}

extension GroupNormalization {
  /// The layer `GroupNorm(groups, channels, eps: epsilon)` under `weights`.
  ///
  /// - Throws: `CheckpointError` if a tensor is missing or has another shape, or the groups cannot share the channels.
  init(_ weights: Weights, _ channels: Int, groups: Int, epsilon: Double) throws(CheckpointError) {
    guard groups > 0, channels % groups == 0 else {
      throw .groups(file: "", name: weights.name("weight"), channels: channels, groups: groups)
    }
    self.init(
      weight: try weights.parameter("weight", [channels], .ones),
      bias: try weights.parameter("bias", [channels], .zeros), groups: groups, epsilon: epsilon)
  }
}
