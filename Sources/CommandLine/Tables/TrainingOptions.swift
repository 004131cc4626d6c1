/// What a command line of `train` asks for.
public enum TrainingCommand: Sendable, Equatable {
  /// Train.
  case train(Options)
  /// Print the help.
  case help
  /// Print completions for a shell.
  case completions(Shell)
  /// Print the manual page.
  case man
  /// Print the version.
  case version
}

/// What `train` is to do, beside what is said of the model. What is nil was not given.
public struct TrainingOptions: Sendable, Equatable {
  /// A folder of pictures or a `.npz`.
  public var data: String?
  /// The run's folder.
  public var out: String?
  /// The folder of a run to go on with.
  public var resume: String?
  /// A checkpoint of a model to begin with.
  public var resumeCheckpoint: String?
  /// Steps to take in all; none is as many as the learning rate's fall takes, or as there is time for.
  public var steps: Int?
  /// Examples of a step, ≥ 1.
  public var batchSize = 16
  /// Examples at a time, ≥ 1; all if nil.
  public var microbatch: Int?
  /// The learning rate.
  public var learningRate = 1e-4
  /// AdamW's λ.
  public var weightDecay = 0.0
  /// Steps over which the learning rate falls to 0; nil for none.
  public var annealSteps: Int?
  /// Steps over which it rises.
  public var warmUp = 0
  /// The largest norm of the gradient; nil for any.
  public var clipGradients: Double?
  /// The rates of the moving averages; of a denoiser 0.9999 if nil, of a classifier none.
  public var emaRates: [Double]?
  /// Which steps of the process are visited how often.
  public var scheduleSampler = ScheduleSamplerName.uniform
  /// Whether the loss is the bound rather than the squared error.
  public var useKL = false
  /// Whether the bound is scaled down beside the squared error.
  public var rescaleLearnedSigmas = true
  /// Whether activations are computed anew in the backward pass.
  public var useCheckpoint = false
  /// The share of activations that are dropped.
  public var dropout = 0.0
  /// The share of labels that become the null class; nil for a model without one.
  public var nullClass: Double?
  /// Whether pictures are mirrored at random.
  public var flip = false
  /// The side of the pictures that a super-resolution model enlarges; nil for other models.
  public var smallSize: Int?
  /// Whether a classifier is trained rather than a denoiser.
  public var isClassifier = false
  /// Whether the classifier's pictures are made noisy.
  public var isNoised = true
  /// Whether the learning rate falls to 0 over all steps.
  public var annealsOverAll = false
  /// Steps from one row of the log to the next, ≥ 1.
  public var logInterval = 10
  /// Steps from one checkpoint to the next, ≥ 1.
  public var saveInterval = 10_000
  /// Steps from one sheet of samples to the next; none if nil.
  public var sampleInterval: Int?
  /// Whether float16 was asked for, which there is not.
  public var wantsHalf = false
  /// The shell whose completions are to be printed, rather than to train.
  var shell: Shell?
  /// Whether the manual page is to be printed.
  var wantsManPage = false

  /// The defaults.
  public init() {}
}

/// A way to visit the steps of the process in training.
public enum ScheduleSamplerName: String, Sendable, CaseIterable {
  /// All alike.
  case uniform
  /// Those with large losses more often.
  case lossSecondMoment = "loss-second-moment"
}

/// What can be said against a combination of options.
func validateTraining(_ options: Options) throws(UsageError) {
  let training = options.training
  if options.quiet, let progress = options.progress, progress != .none {
    throw UsageError("--quiet and --progress \(progress.rawValue) contradict each other; type only one of them")
  }
  if training.resume != nil {
    guard training.out == nil else {
      throw UsageError("--resume goes on in the run's own folder; leave --out out")
    }
    // The rest is seen together with what the run was begun with.
    return
  }
  guard training.data != nil else {
    throw UsageError("train needs pictures; type --data with a folder of PNGs or a .npz")
  }
  guard training.out != nil else { throw UsageError("train needs a folder for the run; type for instance --out run") }
  if let microbatch = training.microbatch, microbatch > training.batchSize {
    throw UsageError(
      "--microbatch \(microbatch) is more than a step's --batch-size \(training.batchSize); leave --microbatch out")
  }
  if training.isClassifier {
    for (name, isGiven) in [
      ("--null-class", training.nullClass != nil), ("--use-kl", training.useKL),
      ("--sample-interval", training.sampleInterval != nil), ("--small-size", training.smallSize != nil),
      ("--learn-sigma", options.modelFlags.learnSigma == true),
    ] where isGiven {
      throw UsageError("\(name) is for models that draw, and --classifier trains one that does not; leave \(name) out")
    }
  }
  if training.smallSize != nil && training.sampleInterval != nil {
    throw UsageError("--sample-interval draws from noise alone, which --small-size trains no model for; leave it out")
  }
  if training.nullClass != nil && options.modelFlags.classCond != true {
    throw UsageError("--null-class stands for none of the classes; type --class-cond True too")
  }
}
