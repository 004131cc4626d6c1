import DiffusionCore
import DiffusionModels
import DiffusionPlatform
import TensorCore

/// The loss of a classifier of noisy images: the cross-entropy of its classes (`classifier_train.py` of
/// guided-diffusion; Dhariwal & Nichol 2021, §4).
public struct ClassifierLoss: TrainingLoss {
  /// The network, with variables as parameters.
  public let network: any NoisyClassifier
  /// The process that adds noise to images.
  public let diffusion: GaussianDiffusion
  /// Whether images are noised; if not, they are used clean, at step 0.
  public let isNoised: Bool

  /// Creates the loss of `network` for images noised by `diffusion`.
  public init(network: any NoisyClassifier, diffusion: GaussianDiffusion, isNoised: Bool = true) {
    self.network = network
    self.diffusion = diffusion
    self.isNoised = isNoised
  }

  /// See `TrainingLoss`.
  public var takesLabels: Bool { true }

  /// See `TrainingLoss`. The terms are top-1 and top-5 accuracy, `acc@1` and `acc@5`.
  public func addGradients(of batch: TrainingBatch, count: Int) -> ExampleLosses {
    guard let labels = batch.labels else { preconditionFailure("a classifier learns from labels, and there are none") }
    let x = isNoised ? diffusion.qSample(batch.xStart, steps: batch.steps, noise: batch.noise) : batch.xStart
    let timesteps = (isNoised ? batch.steps : batch.steps.map { _ in 0 }).map(diffusion.modelTimestep)
    let tape = GradientTape()
    let logits = GradientTape.$current.withValue(tape) { network(x, timesteps: timesteps) }
    let classes = logits.shape[1]
    var losses: [Float] = []
    var (first, five): ([Float], [Float]) = ([], [])
    // d(-log softmax(z)[y]) / dz = softmax(z) - one-hot(y).
    var gradient = logits.softmax()
    for (n, label) in labels.enumerated() {
      let row = (0..<classes).map { Double(logits[n * classes + $0]) }
      let largest = row.max() ?? 0
      losses.append(Float(largest + log(row.reduce(0) { $0 + exp($1 - largest) }) - row[label]))
      let better = row.count { $0 > row[label] }
      first.append(better == 0 ? 1 : 0)
      five.append(better < 5 ? 1 : 0)
      gradient[n * classes + label] -= 1
    }
    _ = tape.backward(from: logits, gradient.scalingPictures(batch.shares(of: count)))
    return ExampleLosses(loss: losses, terms: [("acc@1", first), ("acc@5", five)])
  }
}
