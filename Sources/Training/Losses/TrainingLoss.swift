import TensorCore

/// Some training examples with what was drawn for them.
public struct TrainingBatch: Sendable {
  /// Pictures, `[N, C, H, W]`, in [-1, 1].
  public var xStart: Tensor
  /// `[N]` classes, if they are wanted.
  public var labels: [Int]?
  /// The step of the process that each is noised to, `[N]`, in `0 ..< T`.
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

  /// What the gradients of the pictures' losses are multiplied by, `[N]`, for the mean over `count` pictures.
  func shares(of count: Int) -> [Float] { weights.map { $0 / Float(count) } }
}

/// What a batch's examples have lost, one number for each.
public struct ExampleLosses: Sendable {
  /// What is brought down.
  public var loss: [Float]
  /// What else is worth knowing, by the name it has in the log: `mse`, `vb`, `acc@1`.
  public var terms: [(name: String, values: [Float])]

  /// The given numbers.
  public init(loss: [Float], terms: [(name: String, values: [Float])]) { (self.loss, self.terms) = (loss, terms) }
}

/// What a network is trained on.
public protocol TrainingLoss: Sendable {
  /// Whether it takes the classes of pictures.
  var takesLabels: Bool { get }

  /// Adds the gradient of Σ weight · loss / `count` to the network's variables; returns each picture's losses, unweighted.
  ///
  /// - Parameters:
  ///   - batch: pictures, steps and noise.
  ///   - count: of the pictures that a step sees; the batch may be a part of them.
  func addGradients(of batch: TrainingBatch, count: Int) -> ExampleLosses
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
