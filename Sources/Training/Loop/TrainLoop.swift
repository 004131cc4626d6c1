import DiffusionCore
import TensorCore

/// Training a network (`TrainLoop` of the original). What a step does depends on the settings, the step's number and the state it
/// begins with alone, so that a run goes on from a checkpoint to the same bits.
public struct TrainLoop {
  /// How it is trained.
  public let settings: TrainingSettings
  /// What is trained.
  public let loss: any TrainingLoss
  /// Its parameters.
  public let variables: [Variable]
  /// What it learns from.
  public let data: ImageDataset
  /// The steps taken so far.
  public var step: Int { optimizer.step }
  /// What changes the parameters.
  public internal(set) var optimizer: AdamW
  /// What follows them, one for each rate.
  public internal(set) var averages: [EMA]
  /// What chooses the steps of the process.
  public internal(set) var sampler: any ScheduleSampler
  private let order: EpochShuffle

  /// A run that begins with the variables as they are.
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
    averages = settings.emaRates.map { EMA(of: variables, rate: $0) }
    order = EpochShuffle(seed: settings.seed, count: data.count)
  }

  /// What a step has seen.
  public struct Report: Sendable {
    /// Of each example: the step of the process that it was noised to.
    public var steps: [Int] = []
    /// What its loss counted for.
    public var weights: [Float] = []
    /// Its loss.
    public var loss: [Float] = []
    /// What else the loss tells, by name.
    public var terms: [(name: String, values: [Float])] = []
    /// The norm of the gradient of all variables together, before it is clipped.
    public var gradientNorm = 0.0
    /// The learning rate.
    public var learningRate = 0.0
    /// The mean of the examples' losses.
    public var meanLoss: Double { loss.reduce(0) { $0 + Double($1) } / Double(max(1, loss.count)) }
  }

  /// Takes a step.
  ///
  /// - Throws: `TrainingError.data` for a picture that cannot be read, `.diverged`; the state is as before then.
  public mutating func runStep() throws(TrainingError) -> Report {
    for variable in variables { variable.clearGradient() }
    var report = Report()
    let first = step * settings.batchSize
    let end = first + settings.batchSize
    for begin in stride(from: first, to: end, by: settings.microbatch) {
      let batch = try batch(begin..<min(begin + settings.microbatch, end))
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
    return report
  }

  /// The examples at `positions` of the run, and what is drawn for them.
  private func batch(_ positions: Range<Int>) throws(TrainingError) -> TrainingBatch {
    let examples = positions.map { order.index(at: $0) }
    let pictures = try inTrainingTerms {
      try zip(positions, examples).map { position, example in
        let picture = try data.image(example)
        return settings.flip && order.isFlipped(at: position) ? picture.mirrored() : picture
      }
    }
    let xStart = Tensor.stacked(pictures.map { $0.reshaped([1] + $0.shape) })
    var noise = PhiloxNoise(seed: settings.seed, images: positions, shape: pictures[0].shape)
    let (steps, weights) = sampler.sample(positions: positions)
    return TrainingBatch(
      xStart: xStart, labels: labels(positions, examples), steps: steps, weights: weights, noise: noise.next())
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
  /// A picture, `[C, H, W]`, left and right exchanged.
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
  /// The parameters by name, as the first moving average has them, or as they are if there is none.
  public var averagedTensors: [String: Tensor] {
    let values = averages.first?.values ?? variables.map(\.value)
    return Dictionary(uniqueKeysWithValues: zip(variables.map(\.name), values))
  }
}
