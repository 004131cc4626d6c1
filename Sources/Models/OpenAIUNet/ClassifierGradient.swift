import DiffusionCore
import TensorCore

extension EncoderUNetModel: NoisyClassifier {
  /// The gradient of log p(y | x) with respect to noisy images x, the direction in which they look more like their
  /// labels (Dhariwal & Nichol 2021, §4). The classifier must be built from variables, which may be frozen.
  ///
  /// - Parameters:
  ///   - x: noisy images, `[N, C, H, W]`.
  ///   - timesteps: `[N]`, on the scale that the classifier was trained with.
  ///   - labels: the class labels, `[N]`.
  /// - Returns: `[N, C, H, W]`.
  public func logProbabilityGradient(_ x: Tensor, timesteps: [Float], labels: [Int]) -> Tensor {
    let x = x.watched()
    let recording = GradientTape()
    let logits = GradientTape.$current.withValue(recording) { self(x, timesteps: timesteps) }
    // d log softmax(z)[y] / dz = one-hot(y) - softmax(z).
    var gradient = logits.softmax().map { -$0 }
    for (n, label) in labels.enumerated() { gradient[n * logits.shape[1] + label] += 1 }
    guard let found = recording.backward(from: logits, gradient).of(x) else {
      preconditionFailure("the classifier was built without variables")
    }
    return found
  }
}
