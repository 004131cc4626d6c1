import DiffusionCore
import DiffusionPlatform
import KernelTable
import TensorCore

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2), rounding as PyTorch's does.
public struct AdamW: Sendable {
  /// The factor of a step.
  public var learningRate: Double
  /// λ: each step takes learning rate · λ of every weight.
  public var weightDecay: Double
  /// How slowly the first and the second moment follow the gradient.
  public var betas: (Double, Double)
  /// ε, added to the root of the second moment.
  public var epsilon: Double
  /// The steps taken so far.
  public internal(set) var step = 0
  /// Of each variable, of its shape: the moving average of the gradient.
  public internal(set) var firstMoments: [Tensor]
  /// Likewise that of the gradient's square.
  public internal(set) var secondMoments: [Tensor]

  /// An optimizer of `variables`, with PyTorch's β and ε and improved-diffusion's weight decay where none is given.
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

  /// Takes a step of `variables`, the same as at the start, by their gradients times `gradientScale`; one without a gradient stays as it is.
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
