import DiffusionCore
import DiffusionModels
import TensorCore

/// What a denoiser is trained on: how well it tells the noise from the picture (`training_losses` of the original).
public struct DenoisingLoss: TrainingLoss {
  /// The network, its parameters being variables.
  public let network: any DenoisingNetwork
  /// See `TrainingLoss`.
  public let takesLabels: Bool
  /// The process whose steps are to be undone.
  public let diffusion: GaussianDiffusion
  /// Which loss it is.
  public let type: LossType
  /// The side to which pictures are made smaller for a super-resolution model, which sees them so; nil for other models.
  public let smallSize: Int?

  /// A loss of `network` for `diffusion`.
  ///
  /// - Parameters:
  ///   - network: what is trained.
  ///   - takesLabels: whether the network knows classes.
  ///   - diffusion: the process that it learns to undo.
  ///   - type: which loss it is.
  ///   - smallSize: the side to which pictures are made smaller, for a super-resolution model.
  public init(
    network: any DenoisingNetwork, takesLabels: Bool, diffusion: GaussianDiffusion, type: LossType,
    smallSize: Int? = nil
  ) {
    (self.network, self.takesLabels, self.diffusion) = (network, takesLabels, diffusion)
    (self.type, self.smallSize) = (type, smallSize)
  }

  /// See `TrainingLoss`; the terms are `mse` and `vb`, where the loss has them.
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
