import Autograd
import Diffusion
import TensorCore
import UNet

/// What a denoiser is trained on: how well it tells the noise from the picture (`training_losses` of the original).
public struct DenoisingLoss: Sendable {
  /// The network, its parameters being variables.
  public let unet: UNetModel
  /// The process whose steps are to be undone.
  public let diffusion: GaussianDiffusion
  /// Which loss it is.
  public let type: LossType

  /// A loss of `unet` for `diffusion`.
  public init(unet: UNetModel, diffusion: GaussianDiffusion, type: LossType) {
    self.unet = unet
    self.diffusion = diffusion
    self.type = type
  }

  /// Some training examples with what was drawn for them.
  public struct Batch: Sendable {
    /// Pictures, `[N, C, H, W]`, in [-1, 1].
    public var xStart: Tensor
    /// `[N]` classes, if the model has them.
    public var labels: [Int]?
    /// The step of the process that each is noised to, `[N]`, in `0 ..< diffusion.count`.
    public var steps: [Int]
    /// What each picture's loss counts for, `[N]`.
    public var weights: [Float]
    /// Standard normal noise, `[N, C, H, W]`.
    public var noise: Tensor

    /// The given examples.
    public init(xStart: Tensor, labels: [Int]?, steps: [Int], weights: [Float], noise: Tensor) {
      self.xStart = xStart
      self.labels = labels
      self.steps = steps
      self.weights = weights
      self.noise = noise
    }
  }

  /// Adds the gradient of Σ weight · loss / `count` to the network's variables; returns each picture's losses.
  ///
  /// - Parameter count: of the pictures that a step sees; the batch may be a part of them.
  @discardableResult
  public func addGradients(of batch: Batch, count: Int) -> TrainingLosses {
    let xT = diffusion.qSample(batch.xStart, steps: batch.steps, noise: batch.noise)
    let timesteps = batch.steps.map(diffusion.modelTimestep)
    let recording = Recording()
    let output = Recording.$current.withValue(recording) { unet(xT, timesteps: timesteps, labels: batch.labels) }
    let losses = diffusion.trainingLosses(
      output, xStart: batch.xStart, xT: xT, noise: batch.noise, steps: batch.steps, type: type)
    _ = recording.backward(from: output, losses.gradient.scalingPictures(batch.weights.map { $0 / Float(count) }))
    return losses
  }
}

extension Tensor {
  /// Each picture multiplied by a factor of its own: `[N, …]`, `[N]` → `[N, …]`.
  func scalingPictures(_ factors: [Float]) -> Tensor {
    let size = count / max(1, factors.count)
    return withUnsafePointer { source in
      Tensor(shape) { out in
        for (n, factor) in factors.enumerated() {
          for i in n * size..<(n + 1) * size { out[i] = source[i] * factor }
        }
      }
    }
  }
}
