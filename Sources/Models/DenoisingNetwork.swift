import DiffusionCore
import TensorCore

/// The inputs of a network besides the noisy images.
public struct NetworkInputs: Sendable {
  /// The noise level of each image, on the scale that the network was trained with: `[N]`, may be fractional.
  public var conditioning: [Float]
  /// The class label of each image, `[N]`; nil is the null class. The whole array is nil if and only if the network is
  /// unconditional.
  public var labels: [Int?]?
  /// The low-resolution images that a super-resolution network upsamples, `[N, C, h, w]` in [-1, 1]; nil for others.
  public var lowRes: Tensor?
  /// The images that a conditional network draws from, `[N, C', H, W]` in [-1, 1]; nil for others.
  public var condition: Tensor?
  /// x̂₀ of the step before, `[N, C, H, W]`, for networks that take it (Chen et al. 2022, "Analog Bits", §3.2); nil in
  /// the first step, and for others.
  public var selfCondition: Tensor?

  /// Creates the inputs.
  public init(
    conditioning: [Float], labels: [Int?]? = nil, lowRes: Tensor? = nil, condition: Tensor? = nil,
    selfCondition: Tensor? = nil
  ) {
    (self.conditioning, self.labels, self.lowRes) = (conditioning, labels, lowRes)
    (self.condition, self.selfCondition) = (condition, selfCondition)
  }
}

/// A denoising network, as samplers, losses and reports see it.
public protocol DenoisingNetwork: Sendable {
  /// Predicts what the network was trained to predict for noisy images: the noise, the image, …
  ///
  /// - Parameters:
  ///   - x: noisy images, `[N, C, H, W]`, each side a multiple of `sizeMultiple`.
  ///   - inputs: the noise levels, class labels and low-resolution images.
  /// - Returns: `[N, C, H, W]`, or `[N, 2C, H, W]` if it also predicts the variance, in the last channels.
  func callAsFunction(_ x: Tensor, _ inputs: NetworkInputs) -> Tensor

  /// The same network, prepared for many forward passes at these values of `NetworkInputs.conditioning`, in this order.
  /// It may precompute what depends on them alone. Results are the same, even at other values.
  func prepared(for conditioning: [Float]) -> any DenoisingNetwork

  /// The multiply-adds of a forward pass over `batch` images of spatial size `size`, for instance `[28, 28]`.
  func countFlops(batch: Int, size: [Int]) -> Flops

  /// The number that each side of an image must be a multiple of.
  var sizeMultiple: Int { get }

  /// The approximate number of bytes of activations held at once in a forward pass over one image of spatial size
  /// `size`.
  func activationBytes(size: [Int]) -> Int

  /// The settings that no tensor shows, such as attention heads, as a `ModelDescription`.
  var hiddenSettings: ModelDescription { get }

  /// Other values of the hidden settings for `DenoiserCheck` to try: for each key, copies of `hiddenSettings` that
  /// change its value.
  func variations(of settings: ModelDescription) -> [(key: String, settings: [ModelDescription])]

  /// The same network with other hidden settings; the weights are shared.
  func adopting(_ settings: ModelDescription) -> any DenoisingNetwork
}

extension DenoisingNetwork {
  /// Precomputes nothing.
  public func prepared(for conditioning: [Float]) -> any DenoisingNetwork { self }
  /// Accepts any size.
  public var sizeMultiple: Int { 1 }
  /// Empty: the tensors show everything.
  public var hiddenSettings: ModelDescription { ModelDescription() }
  /// Empty: no settings are hidden.
  public func variations(of settings: ModelDescription) -> [(key: String, settings: [ModelDescription])] { [] }
  /// The network itself: no settings are hidden.
  public func adopting(_ settings: ModelDescription) -> any DenoisingNetwork { self }
}

/// A classifier of noisy images whose gradient guides sampling (Dhariwal & Nichol 2021, §4).
public protocol NoisyClassifier: Sendable {
  /// The class logits.
  ///
  /// - Parameters:
  ///   - x: noisy images, `[N, C, H, W]`.
  ///   - timesteps: `[N]`, on the scale that the classifier was trained with.
  /// - Returns: `[N, classes]`.
  func callAsFunction(_ x: Tensor, timesteps: [Float]) -> Tensor

  /// What the last linear layer is given, `[N, features]`, by which pictures can be compared, and the class logits that
  /// it makes of that, `[N, classes]`; parameters as above.
  func features(_ x: Tensor, timesteps: [Float]) -> (pool: Tensor, logits: Tensor)

  /// The gradient of log p(y | x) with respect to x. The classifier must be built from variables, which may be frozen.
  ///
  /// - Parameters:
  ///   - x: noisy images, `[N, C, H, W]`.
  ///   - timesteps: `[N]`, on the scale that the classifier was trained with.
  ///   - labels: the class labels, `[N]`.
  /// - Returns: `[N, C, H, W]`.
  func logProbabilityGradient(_ x: Tensor, timesteps: [Float], labels: [Int]) -> Tensor

  /// The multiply-adds of a forward pass over `batch` images.
  func countFlops(batch: Int) -> Flops
}
