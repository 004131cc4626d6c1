import DiffusionCore
import DiffusionModels
import TensorCore

/// The loss of a denoiser (`training_losses` in the original).
public struct DenoisingLoss: TrainingLoss {
  /// The network, with variables as parameters.
  public let network: any DenoisingNetwork
  /// See `TrainingLoss`.
  public let takesLabels: Bool
  /// The process that the network learns to reverse.
  public let diffusion: GaussianDiffusion
  /// The type of loss.
  public let type: LossType
  /// The side to which images are downsampled as input of a super-resolution model; nil for other models.
  public let smallSize: Int?

  /// Creates the loss of `network` for `diffusion`.
  ///
  /// - Parameters:
  ///   - network: the network to train.
  ///   - takesLabels: whether the network is class-conditional.
  ///   - diffusion: the process that it learns to reverse.
  ///   - type: the type of loss.
  ///   - smallSize: the side to which images are downsampled, for a super-resolution model.
  public init(
    network: any DenoisingNetwork, takesLabels: Bool, diffusion: GaussianDiffusion, type: LossType,
    smallSize: Int? = nil
  ) {
    (self.network, self.takesLabels, self.diffusion) = (network, takesLabels, diffusion)
    (self.type, self.smallSize) = (type, smallSize)
  }

  /// See `TrainingLoss`. The terms are `mse` and `vb`, if the loss has them.
  @discardableResult
  public func addGradients(of batch: TrainingBatch, count: Int) -> ExampleLosses {
    let xT = diffusion.qSample(batch.xStart, steps: batch.steps, noise: batch.noise)
    let timesteps = batch.steps.map(diffusion.modelTimestep)
    let inputs = NetworkInputs(
      conditioning: timesteps, labels: batch.labels, lowRes: smallSize.map { batch.xStart.averagedDown(toSide: $0) })
    let tape = GradientTape()
    let output = GradientTape.$current.withValue(tape) { network(xT, inputs) }
    let losses = diffusion.trainingLosses(
      output, xStart: batch.xStart, xT: xT, noise: batch.noise, steps: batch.steps, type: type)
    _ = tape.backward(from: output, losses.gradient.scalingPictures(batch.shares(of: count)))
    var terms: [(name: String, values: [Float])] = []
    if let mse = losses.mse { terms.append(("mse", mse)) }
    if let vb = losses.vb { terms.append(("vb", vb)) }
    return ExampleLosses(loss: losses.loss, terms: terms)
  }
}
