import DiffusionCore
import DiffusionImages
import DiffusionModels

/// A request for a training run, independent of the folder for its files. Properties that are nil take a default. JSON
/// keys are the options of `train` with underscores, which are the original's flags where it has them.
///
/// With the data, it determines a run's result to the bit (except `microbatch`, which changes rounding). The number of
/// threads does not matter.
public struct TrainingRequest: Sendable, Equatable {
  /// The training data: a folder of pictures or a `.npz` (`ImageDataset`).
  public var data: String
  /// What transparent pixels are laid over.
  public var background = Background.black
  /// Whether to go on without pictures that cannot be read.
  public var skipsBad = false
  /// What names the classes of pictures in folders; nil to decide by their names, once, at the start of the run.
  public var classSource: ClassSource?
  /// The seed of initial weights, order, noise and timesteps.
  public var seed: UInt64 = 0
  /// The model's settings; those not given are as in the original's scripts (`TrainingSpecification`).
  public var settings = StatedSettings()
  /// A checkpoint for the initial weights; nil for random ones.
  public var resumeCheckpoint: String?
  /// A model in timesteps that becomes a consistency model, which draws in one or two passes (`ConsistencyLoss`); nil
  /// for other training.
  public var distilled: String?
  /// The steps after which the gap between the noise levels that are compared halves, ≥ 1; nil for an eighth of all.
  public var distillationStage: Int?

  /// The total number of steps, ≥ 1. Nil for `annealSteps`, or for no end if that is nil too.
  public var steps: Int?
  /// The images per step, ≥ 1.
  public var batchSize = 16
  /// The images that go through the network at a time, 1 to `batchSize`; nil for all.
  public var microbatch: Int?
  /// The peak learning rate, ≥ 0.
  public var learningRate = 1e-4
  /// AdamW's weight decay λ ≥ 0.
  public var weightDecay = 0.0
  /// The steps over which the learning rate falls linearly to 0, ≥ 1; nil for no annealing.
  public var annealSteps: Int?
  /// Whether it falls over all `steps` if `annealSteps` is nil.
  public var annealsOverAll = false
  /// The steps over which it first rises linearly, ≥ 0.
  public var warmUp = 0
  /// The maximum gradient norm over all weights together, above 0; nil for no clipping.
  public var clipGradients: Double?
  /// The rates of the EMAs, each in [0, 1). Nil for 0.9999, or for none if it is a classifier.
  public var emaRates: [Double]?
  /// Whether the rates of early steps are lower, so that nothing of the first weights stays (`AverageRate`).
  public var emaWarmUp = true
  /// How training samples the steps of the process.
  public var scheduleSampler = ScheduleSamplerName.uniform

  /// Whether the loss is the variational bound instead of the squared error.
  public var useKL = false
  /// Whether the variational term beside the squared error is scaled by T / 1000 (Nichol & Dhariwal 2021, eq. 16).
  public var rescaleLearnedSigmas = true
  /// Whether activations are recomputed in the backward pass: half the memory for a third more time.
  public var useCheckpoint = false
  /// The dropout probability in residual blocks, in [0, 1).
  public var dropout = 0.0
  /// The fraction of labels replaced by a null class, in [0, 1), for classifier-free guidance (Ho & Salimans 2022); nil
  /// for a model without a null class.
  public var nullClassProbability: Double?
  /// Whether images are mirrored at random, with probability 1/2.
  public var flip = false
  /// Whether a flow's noise is paired with the images of its step by optimal transport (Tong et al. 2024).
  public var optimalTransport = false
  /// The side of the images that a super-resolution model upsamples, in pixels, a divisor of the image size; nil for
  /// other models.
  public var smallSize: Int?
  /// Whether to train a classifier of noisy images (Dhariwal & Nichol 2021, §4) instead of a denoiser.
  public var isClassifier = false
  /// Whether the classifier's images are noised.
  public var isNoised = true

  /// The steps between rows of the log, ≥ 1.
  public var logInterval = 10
  /// The steps between checkpoints, ≥ 1.
  public var saveInterval = 10_000
  /// How many checkpoints are kept, the newest, ≥ 1; nil for all.
  public var keep: Int?
  /// The steps between sample sheets, ≥ 1; nil for no sheets.
  public var sampleInterval: Int?
  /// The steps between scores of what the model draws, ≥ 1; nil for none. Whoever takes the steps scores it
  /// (`TrainingRun.step(drawingWhile:measuring:)`), by the following.
  public var scoreInterval: Int?
  /// How many pictures are drawn for a score, ≥ 4.
  public var scoreCount = 1000
  /// A classifier by whose features they are compared, or nil.
  public var features: String?
  /// The weights of Inception, by whose features they are compared, or nil.
  public var inception: String?
  /// What they are compared with: pictures, or moments of their features; nil for the training data.
  public var reference: String?

  /// Creates a request for a denoiser of the images in `data`, with the defaults of the original's scripts except for
  /// their batch size of 1. Set properties for anything else.
  public init(data: String, steps: Int? = nil, seed: UInt64 = 0, settings: StatedSettings = StatedSettings()) {
    (self.data, self.steps, self.seed, self.settings) = (data, steps, seed, settings)
  }

  /// Leaves out scores, and what they would be made with.
  public mutating func forgetScores() {
    let none = TrainingRequest(data: data)
    (scoreInterval, scoreCount) = (nil, none.scoreCount)
    (features, inception, reference) = (nil, nil, nil)
  }

  /// The largest number of steps.
  static let mostSteps = RunFolder.mostSteps

  /// The side of the images, in pixels; images of another size are cropped and scaled to it.
  public var imageSize: Int { settings.imageSize ?? 64 }
  /// Whether the number of channels is stated, or that of the model to begin with; otherwise the data decides.
  public var saysChannels: Bool { settings.inChannels != nil || initialModel != nil }
  /// The model to begin with; nil for random weights.
  public var initialModel: String? { resumeCheckpoint ?? distilled }
  /// The channels of the images: 1 (grey) or 3 (colour), one more with alpha; of arrays any number.
  public var imageChannels: Int { settings.inChannels ?? 3 }
  /// Whether the model learns classes.
  public var wantsClasses: Bool { isClassifier || settings.classCond == true }
  /// The total number of steps; nil if there is no end.
  public var end: Int? { steps ?? annealSteps }
  /// The steps of a stage of consistency tuning.
  var stageSteps: Int { distillationStage ?? max(1, (end ?? 1) / 8) }
}

/// A method of sampling the steps of the process in training, by name.
public enum ScheduleSamplerName: String, Sendable, CaseIterable, Codable {
  /// Samples all steps equally: `UniformSampler`.
  case uniform
  /// Samples steps with large losses more often: `LossSecondMomentResampler`.
  case lossSecondMoment = "loss-second-moment"

  /// Creates such a sampler of the steps `0 ..< steps`.
  public func make(seed: UInt64, steps: Int) -> any ScheduleSampler {
    switch self {
    case .uniform: UniformSampler(seed: seed, steps: steps)
    case .lossSecondMoment: LossSecondMomentResampler(seed: seed, steps: steps)
    }
  }
}
