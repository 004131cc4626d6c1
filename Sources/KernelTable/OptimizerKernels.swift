/// The coefficients of a step of AdamW (Loshchilov & Hutter 2019, algorithm 2), as PyTorch applies them.
public struct AdamWStep: Sendable {
  /// Multiplies gradients first, to clip them.
  public var gradientScale: Float
  /// β₁.
  public var beta1: Float
  /// 1 - β₁, rounded from its exact value.
  public var oneMinusBeta1: Float
  /// β₂.
  public var beta2: Float
  /// 1 - β₂, rounded from its exact value.
  public var oneMinusBeta2: Float
  /// 1 / √(1 - β₂ᵗ).
  public var secondCorrection: Float
  /// ε.
  public var epsilon: Float
  /// Learning rate / (1 - β₁ᵗ).
  public var stepSize: Float
  /// 1 - learning rate · weight decay.
  public var decay: Float

  /// The given coefficients.
  public init(
    gradientScale: Float, beta1: Float, oneMinusBeta1: Float, beta2: Float, oneMinusBeta2: Float,
    secondCorrection: Float, epsilon: Float, stepSize: Float, decay: Float
  ) {
    self.gradientScale = gradientScale
    self.beta1 = beta1
    self.oneMinusBeta1 = oneMinusBeta1
    self.beta2 = beta2
    self.oneMinusBeta2 = oneMinusBeta2
    self.secondCorrection = secondCorrection
    self.epsilon = epsilon
    self.stepSize = stepSize
    self.decay = decay
  }
}

/// The inner loops of a training step after the backward pass.
public final class OptimizerKernels: Sendable {
  /// m = β₁·m + (1 - β₁)·g; v = β₂·v + (1 - β₂)·g²;
  /// w = decay·w - stepSize · m / (√v · secondCorrection + ε), elementwise.
  public typealias AdamW =
    @Sendable (
      _ step: AdamWStep, _ gradient: UnsafePointer<Float>, _ count: Int, _ weight: UnsafeMutablePointer<Float>,
      _ firstMoment: UnsafeMutablePointer<Float>, _ secondMoment: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `AdamW`.
  public let adamW: AdamW

  /// `average[i] = rate · average[i] + (1 - rate) · x[i]`.
  public typealias EMA =
    @Sendable (
      _ x: UnsafePointer<Float>, _ count: Int, _ rate: Float, _ oneMinusRate: Float,
      _ average: UnsafeMutablePointer<Float>
    ) -> Void
  /// See `EMA`.
  public let ema: EMA

  /// A table of the given kernels.
  public init(adamW: @escaping AdamW, ema: @escaping EMA) {
    self.adamW = adamW
    self.ema = ema
  }
}
