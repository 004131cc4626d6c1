import DiffusionCore
import TensorCore

/// The training loop of a network (`TrainLoop` in the original). A step depends only on the settings, its number and
/// the state before it, so a run that resumes from a checkpoint produces the same bits.
public struct TrainLoop {
  /// The settings of the run.
  public let settings: TrainingSettings
  /// The loss, with the network to train.
  public let loss: any TrainingLoss
  /// The network's parameters.
  public let variables: [Variable]
  /// The training data.
  public let data: ImageDataset
  /// The steps taken so far, including those before the weights that it began with if they say their number.
  public internal(set) var step = 0
  /// The optimizer of the parameters.
  public internal(set) var optimizer: AdamW
  /// The EMAs of the parameters, one for each rate.
  public internal(set) var averages: [EMA]
  /// The sampler that chooses steps of the process.
  public internal(set) var sampler: any ScheduleSampler
  private let order: EpochShuffle

  /// Creates a run that starts from the current values of the variables.
  public init(
    _ settings: TrainingSettings, loss: any TrainingLoss, variables: [Variable], data: ImageDataset,
    sampler: any ScheduleSampler
  ) {
    self.settings = settings
    self.loss = loss
    self.variables = variables
    self.data = data
    self.sampler = sampler
    optimizer = AdamW(variables, learningRate: settings.learningRate, weightDecay: settings.weightDecay)
    averages = settings.averageRates.map { EMA(of: variables, rate: $0) }
    order = EpochShuffle(seed: settings.seed, count: data.count)
  }

  /// The examples and losses of a training step.
  public struct Report: Sendable {
    /// The step of the process that each example was noised to.
    public var steps: [Int] = []
    /// The weight of each example's loss.
    public var weights: [Float] = []
    /// The loss of each example.
    public var loss: [Float] = []
    /// Other terms of the loss, by name.
    public var terms: [(name: String, values: [Float])] = []
    /// The gradient norm over all variables together, before clipping.
    public var gradientNorm = 0.0
    /// The learning rate.
    public var learningRate = 0.0
    /// The mean of the examples' losses.
    public var meanLoss: Double { loss.reduce(0) { $0 + Double($1) } / Double(max(1, loss.count)) }
  }

  /// Takes a training step.
  ///
  /// - Throws: `TrainingError.data` if an image cannot be read, `.diverged` if the gradient is not finite; the state is
  ///   then unchanged.
  public mutating func runStep() throws(TrainingError) -> Report {
    for variable in variables { variable.clearGradient() }
    var report = Report()
    let first = step * settings.batchSize
    let end = first + settings.batchSize
    // Noise is paired within the whole step, whatever the parts.
    let paired = settings.optimalTransport == true ? try batch(first..<end).withTransportedNoise() : nil
    for begin in stride(from: first, to: end, by: settings.microbatch) {
      let positions = begin..<min(begin + settings.microbatch, end)
      let part = paired?.examples(positions.lowerBound - first..<positions.upperBound - first)
      let batch = if let part { part } else { try batch(positions) }
      let losses = Dropout.Draws.$current.withValue(.init(seed: settings.seed, firstExample: begin)) {
        loss.addGradients(of: batch, count: settings.batchSize)
      }
      report.steps += batch.steps
      report.weights += batch.weights
      report.loss += losses.loss
      if report.terms.isEmpty {
        report.terms = losses.terms
      } else {
        for i in report.terms.indices { report.terms[i].values += losses.terms[i].values }
      }
    }
    report.gradientNorm = variables.reduce(0.0) { $0 + ($1.gradient?.sumOfSquares ?? 0) }.squareRoot()
    guard report.gradientNorm.isFinite else { throw .diverged(step: step) }
    report.learningRate = settings.learningRate(step: step)
    optimizer.learningRate = report.learningRate
    let scale = settings.clipGradients.map { min(1, $0 / max(report.gradientNorm, 1e-30)) } ?? 1
    optimizer.update(variables, gradientScale: scale)
    for i in averages.indices { averages[i].follow(variables) }
    sampler.update(steps: report.steps, losses: report.loss)
    step += 1
    return report
  }

  /// The examples at `positions` of the run, with their random draws.
  private func batch(_ positions: Range<Int>) throws(TrainingError) -> TrainingBatch {
    let examples = positions.map { order.index(at: $0) }
    let pictures = try inTrainingTerms {
      zip(positions, try data.images(examples)).map { position, picture in
        settings.flip && order.isFlipped(at: position) ? picture.mirrored() : picture
      }
    }
    let xStart = Tensor.stacked(pictures.map { $0.reshaped([1] + $0.shape) })
    var noise = PhiloxNoise(seed: settings.seed, images: positions, shape: pictures[0].shape)
    let (steps, weights) = sampler.sample(positions: positions)
    let uniforms = positions.map { Float(PhiloxNoise.scheduleUniform(seed: settings.seed, position: $0)) }
    var batch = TrainingBatch(
      xStart: xStart, labels: labels(positions, examples), steps: steps, uniforms: uniforms, weights: weights,
      noise: noise.next())
    batch.trainingStep = step
    return batch
  }

  private func labels(_ positions: Range<Int>, _ examples: [Int]) -> [Int]? {
    guard loss.takesLabels, let labels = data.labels else { return nil }
    return zip(positions, examples).map { position, example in
      if let nullClass = settings.nullClass,
        PhiloxNoise.labelUniform(seed: settings.seed, position: position) < settings.nullClassProbability
      {
        return nullClass
      }
      return labels[example]
    }
  }
}

extension Tensor {
  /// Mirrors an image, `[C, H, W]`, left to right.
  func mirrored() -> Tensor {
    let width = shape[shape.count - 1]
    return withUnsafePointer { source in
      Tensor(shape) { out in
        for line in 0..<count / width {
          for x in 0..<width { out[line * width + x] = source[line * width + width - 1 - x] }
        }
      }
    }
  }
}

extension TrainLoop {
  /// The parameters to draw with, by name: those of the slowest average that is founded, or the raw ones if none is.
  public var drawnTensors: [String: Tensor] {
    let founded = averages.filter(\.isFounded).max { $0.rate.rate < $1.rate.rate }
    let values = founded?.values ?? variables.map(\.value)
    return Dictionary(uniqueKeysWithValues: zip(variables.map(\.name), values))
  }
}
