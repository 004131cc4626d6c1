import TensorCore

/// A batch of training examples with their random draws.
public struct TrainingBatch: Sendable {
  /// x₀, `[N, C, H, W]` in [-1, 1].
  public var xStart: Tensor
  /// The class labels, `[N]`; nil if the loss takes none.
  public var labels: [Int]?
  /// The step of the process that each image is noised to, `[N]`, in `0 ..< T`.
  public var steps: [Int]
  /// A uniform number in [0, 1) for each image, `[N]`, of which its step is the whole part of T times: the time of a
  /// flow. Empty if the loss needs none.
  public var uniforms: [Float]
  /// The steps taken before the one that the batch is for.
  public var trainingStep = 0
  /// The weight of each image's loss, `[N]`.
  public var weights: [Float]
  /// Standard normal noise, `[N, C, H, W]`.
  public var noise: Tensor

  /// Creates a batch.
  public init(
    xStart: Tensor, labels: [Int]?, steps: [Int], uniforms: [Float] = [], weights: [Float], noise: Tensor
  ) {
    self.xStart = xStart
    self.labels = labels
    self.steps = steps
    self.uniforms = uniforms
    self.weights = weights
    self.noise = noise
  }

  /// The factors of the images' gradients, `[N]`, that give the weighted mean over `count` images.
  func shares(of count: Int) -> [Float] { weights.map { $0 / Float(count) } }
}

/// The losses of a batch's examples, one number each.
public struct ExampleLosses: Sendable {
  /// The loss to minimise.
  public var loss: [Float]
  /// Other metrics, by name in the log: `mse`, `vb`, `acc@1`.
  public var terms: [(name: String, values: [Float])]

  /// Creates the losses.
  public init(loss: [Float], terms: [(name: String, values: [Float])]) { (self.loss, self.terms) = (loss, terms) }
}

/// A loss, with the network to train.
public protocol TrainingLoss: Sendable {
  /// Whether it takes class labels.
  var takesLabels: Bool { get }

  /// Adds the gradient of Σ weight · loss / `count` to the network's variables. Returns each image's unweighted losses.
  ///
  /// - Parameters:
  ///   - batch: images, steps and noise.
  ///   - count: the number of images in a training step; the batch may be a part of them.
  func addGradients(of batch: TrainingBatch, count: Int) -> ExampleLosses
}

extension Tensor {
  /// Multiplies each image by its own factor: `[N, …]`, `[N]` → `[N, …]`.
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
