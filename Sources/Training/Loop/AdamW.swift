import DiffusionCore
import DiffusionPlatform
import KernelTable
import TensorCore

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2), rounded as in PyTorch.
public struct AdamW: Sendable {
  /// The learning rate.
  public var learningRate: Double
  /// λ: each step reduces every weight by learning rate · λ of its value.
  public var weightDecay: Double
  /// The decay rates of the first and second moment.
  public var betas: (Double, Double)
  /// ε, added to the square root of the second moment.
  public var epsilon: Double
  /// The steps taken so far.
  public internal(set) var step = 0
  /// The moving average of each variable's gradient, of the variable's shape.
  public internal(set) var firstMoments: [Tensor]
  /// The moving average of the gradient's square, likewise.
  public internal(set) var secondMoments: [Tensor]

  /// Creates an optimizer of `variables`. The defaults are PyTorch's β and ε and improved-diffusion's weight decay.
  public init(
    _ variables: [Variable], learningRate: Double, weightDecay: Double = 0, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8
  ) {
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.betas = betas
    self.epsilon = epsilon
    firstMoments = variables.map { Tensor(zeros: $0.shape) }
    secondMoments = variables.map { Tensor(zeros: $0.shape) }
  }

  /// Updates `variables`, the ones it was created with, by their gradients times `gradientScale`. A variable without a
  /// gradient is unchanged.
  public mutating func update(_ variables: [Variable], gradientScale: Double = 1) {
    precondition(variables.count == firstMoments.count, "the optimizer was made for other variables")
    step += 1
    let numbers = stepNumbers(gradientScale: gradientScale)
    for (i, variable) in variables.enumerated() {
      variable.take(numbers, firstMoment: &firstMoments[i], secondMoment: &secondMoments[i])
    }
  }

  private func stepNumbers(gradientScale: Double) -> AdamWStep {
    let (first, second) = (1 - pow(betas.0, Double(step)), 1 - pow(betas.1, Double(step)))
    return AdamWStep(
      gradientScale: Float(gradientScale), beta1: Float(betas.0), oneMinusBeta1: Float(1 - betas.0),
      beta2: Float(betas.1), oneMinusBeta2: Float(1 - betas.1), secondCorrection: Float(1 / second.squareRoot()),
      epsilon: Float(epsilon), stepSize: Float(learningRate / first), decay: Float(1 - learningRate * weightDecay))
  }
}
