/// How a model is trained; with the data and the model, all that a run's result depends on.
public struct TrainingSettings: Sendable, Equatable, Codable {
  /// Where order, noise, timesteps and dropped labels come from.
  public var seed: UInt64 = 0
  /// Examples of a step.
  public var batchSize = 16
  /// Examples that go through the network at a time; they change speed and memory, and results by rounding only.
  public var microbatch = 16
  /// The learning rate at its highest.
  public var learningRate = 1e-4
  /// AdamW's λ.
  public var weightDecay = 0.0
  /// Steps over which the learning rate falls linearly to 0 (`lr_anneal_steps` of the original); nil for none.
  public var annealSteps: Int?
  /// Steps over which it first rises linearly.
  public var warmUpSteps = 0
  /// The norm that the gradient of all variables together is brought down to; nil for any.
  public var clipGradients: Double?
  /// The rates of the moving averages.
  public var emaRates = [0.9999]
  /// The share of labels that are replaced by `nullClass`, for classifier-free guidance (Ho & Salimans 2022).
  public var nullClassProbability = 0.0
  /// The class that stands for none.
  public var nullClass: Int?
  /// Whether every other picture, at random, is seen in a mirror.
  public var flip = false

  /// The defaults of the original, but for its batch of 1.
  public init() {}

  /// What a request comes to.
  ///
  /// - Parameters:
  ///   - request: what is asked for.
  ///   - nullClass: the class that stands for none, of a model that has one.
  public init(_ request: TrainingRequest, nullClass: Int?) {
    seed = request.seed
    batchSize = request.batchSize
    microbatch = request.microbatch ?? request.batchSize
    learningRate = request.learningRate
    weightDecay = request.weightDecay
    annealSteps = request.annealSteps ?? (request.annealsOverAll ? request.steps : nil)
    warmUpSteps = request.warmUp
    clipGradients = request.clipGradients
    emaRates = request.emaRates ?? (request.isClassifier ? [] : [0.9999])
    nullClassProbability = request.nullClassProbability ?? 0
    self.nullClass = nullClass
    flip = request.flip
  }

  private enum CodingKeys: String, CodingKey {
    case seed, microbatch, flip
    case batchSize = "batch_size"
    case learningRate = "lr"
    case weightDecay = "weight_decay"
    case annealSteps = "lr_anneal_steps"
    case warmUpSteps = "warm_up"
    case clipGradients = "clip_gradients"
    case emaRates = "ema_rate"
    case nullClassProbability = "null_class_probability"
    case nullClass = "null_class"
  }

  /// The learning rate of step `step`, counted from 0.
  public func learningRate(step: Int) -> Double {
    var rate = learningRate
    if step < warmUpSteps { rate *= Double(step + 1) / Double(warmUpSteps) }
    if let annealSteps { rate *= max(0, 1 - Double(step) / Double(annealSteps)) }
    return rate
  }
}
