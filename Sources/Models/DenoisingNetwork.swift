import DiffusionCore
import TensorCore

/// What a network is told beside the noisy pictures.
public struct NetworkInputs: Sendable {
  /// One value for each picture that says how noisy it is, on the scale that the network was trained with: `[N]`, may be fractional.
  public var conditioning: [Float]
  /// The class of each picture, `[N]`, nil standing for none; nil altogether if and only if the network knows no classes.
  public var labels: [Int?]?
  /// What a super-resolution network enlarges, `[N, C, h, w]` in [-1, 1]; nil for others.
  public var lowRes: Tensor?

  /// The given inputs.
  public init(conditioning: [Float], labels: [Int?]? = nil, lowRes: Tensor? = nil) {
    (self.conditioning, self.labels, self.lowRes) = (conditioning, labels, lowRes)
  }
}

/// A network that tells noise and picture apart: all that samplers, losses and reports know of it.
public protocol DenoisingNetwork: Sendable {
  /// Predicts, for noisy pictures, what the network was trained to predict: the noise, the picture, …
  ///
  /// - Parameters:
  ///   - x: `[N, C, H, W]`, each side a multiple of `sizeMultiple`.
  ///   - inputs: how noisy each picture is, and what it shows.
  /// - Returns: `[N, C, H, W]`, or `[N, 2C, H, W]` if it predicts the variance too, in the channels behind.
  func callAsFunction(_ x: Tensor, _ inputs: NetworkInputs) -> Tensor

  /// The same network, ready for many passes at these values of `NetworkInputs.conditioning`, in this order: what depends on them alone may
  /// be computed ahead. Results are the same, also at other values.
  func prepared(for conditioning: [Float]) -> any DenoisingNetwork

  /// The multiply-adds of one pass over `batch` pictures of spatial size `size`, for instance `[28, 28]`.
  func countFlops(batch: Int, size: [Int]) -> Flops

  /// What the sides of a picture must be a multiple of.
  var sizeMultiple: Int { get }

  /// About how many bytes of activations a pass over one picture of spatial size `size` holds at once.
  func activationBytes(size: [Int]) -> Int

  /// What it was built with that no tensor shows, as `ModelDescription` has it: attention heads, say.
  var hiddenSettings: ModelDescription { get }

  /// Other values that the hidden settings could have, for `DenoiserCheck` to try: the key of each, and all of `hiddenSettings` with another
  /// value of it.
  func variations(of settings: ModelDescription) -> [(key: String, settings: [ModelDescription])]

  /// The same network with other hidden settings; the weights are shared.
  func adopting(_ settings: ModelDescription) -> any DenoisingNetwork
}

extension DenoisingNetwork {
  /// Nothing can be computed ahead.
  public func prepared(for conditioning: [Float]) -> any DenoisingNetwork { self }
  /// Any size will do.
  public var sizeMultiple: Int { 1 }
  /// Everything can be read off the tensors.
  public var hiddenSettings: ModelDescription { ModelDescription() }
  /// Nothing is hidden.
  public func variations(of settings: ModelDescription) -> [(key: String, settings: [ModelDescription])] { [] }
  /// Nothing is hidden.
  public func adopting(_ settings: ModelDescription) -> any DenoisingNetwork { self }
}

/// A classifier of noisy pictures, by whose gradient samplers are guided (Dhariwal & Nichol 2021, §4).
public protocol NoisyClassifier: Sendable {
  /// The classes' logits.
  ///
  /// - Parameters:
  ///   - x: noisy pictures, `[N, C, H, W]`.
  ///   - timesteps: `[N]`, on the scale that the classifier was trained with.
  /// - Returns: `[N, classes]`.
  func callAsFunction(_ x: Tensor, timesteps: [Float]) -> Tensor

  /// The gradient of log p(y | x) with respect to x; the classifier must have been built of variables, which may be frozen.
  ///
  /// - Parameters:
  ///   - x: noisy pictures, `[N, C, H, W]`.
  ///   - timesteps: `[N]`, on the scale that the classifier was trained with.
  ///   - labels: `[N]` class numbers.
  /// - Returns: `[N, C, H, W]`.
  func logProbabilityGradient(_ x: Tensor, timesteps: [Float], labels: [Int]) -> Tensor

  /// The multiply-adds of one pass over `batch` pictures.
  func countFlops(batch: Int) -> Flops
}
