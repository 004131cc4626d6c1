import DiffusionCore
import DiffusionModels

/// All that a training is asked for, independent of the folder that it leaves its files in. What is nil was not asked for: there is a
/// default. The names in JSON are those of the options of `train`, with underscores: of the original's flags, where it has them.
///
/// With the data, all that a run's result depends on, to the bit (but for `microbatch`, which changes roundings); no number of threads does.
public struct TrainingRequest: Sendable, Equatable {
  /// What to learn from: a folder of PNGs or a `.npz` (`ImageDataset`).
  public var data: String
  /// Where first weights, order, noise and timesteps come from.
  public var seed: UInt64 = 0
  /// What the model is to be; what is not said is as in the original's scripts (`TrainingSpecification`).
  public var settings = StatedSettings()
  /// A checkpoint whose weights to begin with, rather than random ones.
  public var resumeCheckpoint: String?

  /// Steps to take in all, ≥ 1; `annealSteps` if nil, and without end if that is nil too.
  public var steps: Int?
  /// Pictures of a step, ≥ 1.
  public var batchSize = 16
  /// Pictures that go through the network at a time, 1 to `batchSize`; all if nil.
  public var microbatch: Int?
  /// The learning rate at its highest, ≥ 0.
  public var learningRate = 1e-4
  /// AdamW's λ ≥ 0.
  public var weightDecay = 0.0
  /// Steps over which the learning rate falls linearly to 0, ≥ 1; none if nil.
  public var annealSteps: Int?
  /// Whether it falls over all `steps`, where `annealSteps` does not say otherwise.
  public var annealsOverAll = false
  /// Steps over which it rises linearly at first, ≥ 0.
  public var warmUp = 0
  /// The norm that the gradient of all weights together is brought down to, above 0; any if nil.
  public var clipGradients: Double?
  /// The rates of the moving averages, each from 0 up, below 1; 0.9999 if nil, and none for a classifier.
  public var emaRates: [Double]?
  /// Which steps of the process are visited how often.
  public var scheduleSampler = ScheduleSamplerName.uniform

  /// Whether the loss is the variational bound rather than the squared error.
  public var useKL = false
  /// Whether the bound beside the squared error is scaled down by T / 1000 (Nichol & Dhariwal 2021, eq. 16).
  public var rescaleLearnedSigmas = true
  /// Whether activations are computed anew in the backward pass: half the memory for a third more time.
  public var useCheckpoint = false
  /// The share of activations that are dropped in residual blocks, from 0 up, below 1.
  public var dropout = 0.0
  /// The share of labels in whose place a class comes that stands for none, from 0 up, below 1, for classifier-free guidance (Ho & Salimans
  /// 2022); nil for a model without such a class.
  public var nullClassProbability: Double?
  /// Whether every other picture, at random, is seen in a mirror.
  public var flip = false
  /// The side of the pictures that a super-resolution model enlarges, in pixels, a divisor of the image size; nil for other models.
  public var smallSize: Int?
  /// Whether a classifier of noisy pictures is trained (Dhariwal & Nichol 2021, §4) rather than a model that draws.
  public var isClassifier = false
  /// Whether the classifier's pictures are made noisy.
  public var isNoised = true

  /// Steps from one row of the log to the next, ≥ 1.
  public var logInterval = 10
  /// Steps from one checkpoint to the next, ≥ 1.
  public var saveInterval = 10_000
  /// Steps from one sheet of drawn images to the next, ≥ 1; no sheets if nil.
  public var sampleInterval: Int?

  /// A denoiser of what is in `data`, with the defaults of the original's scripts but for their batch of 1; the properties say what else can
  /// be asked for.
  public init(data: String, steps: Int? = nil, seed: UInt64 = 0, settings: StatedSettings = StatedSettings()) {
    (self.data, self.steps, self.seed, self.settings) = (data, steps, seed, settings)
  }

  /// The side of the pictures, in pixels; others are cut and scaled to it.
  public var imageSize: Int { settings.imageSize ?? 64 }
  /// The channels of the pictures: 1 (grey) or 3 (colour).
  public var imageChannels: Int { settings.inChannels ?? 3 }
  /// Whether the classes of pictures are learnt.
  public var wantsClasses: Bool { isClassifier || settings.classCond == true }
  /// The steps that are taken in all, if there is an end.
  public var end: Int? { steps ?? annealSteps }
}

/// A way to visit the steps of the process in training, by its name.
public enum ScheduleSamplerName: String, Sendable, CaseIterable, Codable {
  /// All alike: `UniformSampler`.
  case uniform
  /// Those with large losses more often: `LossSecondMomentResampler`.
  case lossSecondMoment = "loss-second-moment"

  /// Such a sampler of the steps `0 ..< steps`.
  public func make(seed: UInt64, steps: Int) -> any ScheduleSampler {
    switch self {
    case .uniform: UniformSampler(seed: seed, steps: steps)
    case .lossSecondMoment: LossSecondMomentResampler(seed: seed, steps: steps)
    }
  }
}
