import DiffusionCore
import DiffusionModels
import TensorCore

/// What a denoiser is trained on: how well it tells the noise from the picture (`training_losses` of the original).
public struct DenoisingLoss: TrainingLoss {
  /// The network, its parameters being variables.
  public let unet: UNetModel
  /// The process whose steps are to be undone.
  public let diffusion: GaussianDiffusion
  /// Which loss it is.
  public let type: LossType
  /// The side to which pictures are made smaller for a super-resolution model, which sees them so; nil for other models.
  public let smallSize: Int?

  /// A loss of `unet` for `diffusion`.
  public init(unet: UNetModel, diffusion: GaussianDiffusion, type: LossType, smallSize: Int? = nil) {
    precondition(
      unet.configuration.isSuperResolution == (smallSize != nil), "super-resolution models see small pictures")
    self.smallSize = smallSize
    self.unet = unet
    self.diffusion = diffusion
    self.type = type
  }

  /// See `TrainingLoss`.
  public var takesLabels: Bool { unet.configuration.numClasses != nil }

  /// See `TrainingLoss`; the terms are `mse` and `vb`, where the loss has them.
  @discardableResult
  public func addGradients(of batch: TrainingBatch, count: Int) -> ExampleLosses {
    let xT = diffusion.qSample(batch.xStart, steps: batch.steps, noise: batch.noise)
    let timesteps = batch.steps.map(diffusion.modelTimestep)
    let input =
      smallSize.map { superResolutionInput(xT, lowRes: batch.xStart.averagedDown(toSide: $0)) } ?? xT
    let recording = GradientTape()
    let output = GradientTape.$current.withValue(recording) { unet(input, timesteps: timesteps, labels: batch.labels) }
    let losses = diffusion.trainingLosses(
      output, xStart: batch.xStart, xT: xT, noise: batch.noise, steps: batch.steps, type: type)
    _ = recording.backward(from: output, losses.gradient.scalingPictures(batch.shares(of: count)))
    var terms: [(name: String, values: [Float])] = []
    if let mse = losses.mse { terms.append(("mse", mse)) }
    if let vb = losses.vb { terms.append(("vb", vb)) }
    return ExampleLosses(loss: losses.loss, terms: terms)
  }
}
