import DiffusionModels

/// The settings of a training run; with the data and the model, they determine its result.
public struct TrainingSettings: Sendable, Equatable, Codable {
  /// The seed of order, noise, timesteps and dropped labels.
  public var seed: UInt64 = 0
  /// The examples per step.
  public var batchSize = 16
  /// The examples that go through the network at a time. They affect speed and memory, and results only by rounding.
  public var microbatch = 16
  /// The peak learning rate.
  public var learningRate = 1e-4
  /// AdamW's weight decay λ.
  public var weightDecay = 0.0
  /// The steps over which the learning rate falls linearly to 0 (`lr_anneal_steps` in the original); nil for no
  /// annealing.
  public var annealSteps: Int?
  /// The steps over which the learning rate first rises linearly.
  public var warmUpSteps = 0
  /// The maximum gradient norm over all variables together; nil for no clipping.
  public var clipGradients: Double?
  /// The rates of the EMAs.
  public var emaRates = [0.9999]
  /// Whether the rates of early steps are lower (`AverageRate`); nil in earlier versions' records: no.
  public var emaWarmUp: Bool?
  /// The fraction of labels replaced by `nullClass`, for classifier-free guidance (Ho & Salimans 2022).
  public var nullClassProbability = 0.0
  /// The label of the null class.
  public var nullClass: Int?
  /// Whether images are mirrored at random, with probability 1/2.
  public var flip = false
  /// Whether each step's noise is paired with its images by optimal transport; nil in earlier versions' records: no.
  public var optimalTransport: Bool?

  /// Creates settings with the original's defaults, except for its batch size of 1.
  public init() {}

  /// Creates the settings for a request.
  ///
  /// - Parameters:
  ///   - request: the training request.
  ///   - nullClass: the label of the null class, if the model has one.
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
    emaWarmUp = request.emaWarmUp
    nullClassProbability = request.nullClassProbability ?? 0
    self.nullClass = nullClass
    flip = request.flip
    optimalTransport = request.optimalTransport
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
    case emaWarmUp = "ema_warm_up"
    case nullClassProbability = "null_class_probability"
    case nullClass = "null_class"
    case optimalTransport = "optimal_transport"
  }

  /// The rates of the EMAs, and whether they warm up.
  public var averageRates: [AverageRate] { emaRates.map { AverageRate($0, warmsUp: emaWarmUp ?? false) } }

  /// The learning rate of step `step`, counted from 0.
  public func learningRate(step: Int) -> Double {
    var rate = learningRate
    if step < warmUpSteps { rate *= Double(step + 1) / Double(warmUpSteps) }
    if let annealSteps { rate *= max(0, 1 - Double(step) / Double(annealSteps)) }
    return rate
  }
}
