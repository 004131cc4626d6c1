import DiffusionOutput
import DiffusionTraining
import Sampling

/// A parsed command line.
public enum Command: Sendable, Equatable {
  /// Draw images.
  case draw(Options)
  /// Measure the speed of the network.
  case bench(Options)
  /// Describe a checkpoint.
  case inspect(Options)
  /// Convert a checkpoint.
  case convert(Options, to: CheckpointDestination)
  /// Draw an image again and compare.
  case reproduce(Options, image: String)
  /// Print how an image was drawn.
  case show(image: String)
  /// Encode images to the noise that draws them.
  case encode(Options, images: [String])
  /// Encode images and draw them again.
  case reconstruct(Options, images: [String])
  /// Interpolate between two images or seeds.
  case interpolate(Options)
  /// Measure the likelihood of images.
  case nll(Options, images: [String])
  /// Compare pictures with others.
  case score(Options)
  /// Draw requests, one line of JSON each, from a file or, for `-`, standard input.
  case run(Options, requests: String)
  /// List the samplers.
  case samplers
  /// Print completions for a shell.
  case completions(Shell)
  /// Print the manual page.
  case man
  /// Print the help of a command.
  case help(CommandName)
  /// Print the version.
  case version
}

/// What to draw or train, where the results go, and how the program behaves.
public struct Options: Sendable, Equatable {
  /// What to draw.
  public var request = SamplingRequest()
  /// Where it goes.
  public var output = OutputRequest()
  /// Whether to show the denoising on the terminal.
  public var preview = false
  /// Threads, ≥ 1; the physical cores if nil.
  public var threads: Int?
  /// Whether to print nothing but errors on standard error.
  public var quiet = false
  /// How progress is shown.
  public var progress: ProgressName?
  /// Whether to print the estimated cost instead of drawing.
  public var dryRun = false
  /// Whether to list the samplers.
  public var listsSamplers = false
  /// Whether timesteps were given by the original scripts' flag, in which case the default sampler is theirs.
  var isUpstreamRespacing = false
  /// Whether the model was given by the original scripts' flag.
  var usesModelPathFlag = false
  /// Whether the sampler was given by the original scripts' flag.
  var usesDDIMFlag = false
  /// Whether to print JSON instead of text.
  public var json = false
  /// Whether to store weights as float16.
  public var half = false
  /// What `sample bench` measures.
  public var bench = BenchOptions()
  /// What `sample score` compares.
  public var score = ScoreOptions()
  /// Options of the commands that take input images.
  public var inversion = InversionOptions()
  /// What to train.
  public var training = TrainingRequest(data: "")
  /// Other options of `train`.
  public var run = RunOptions()

  /// What was given, to notice what is given twice.
  var given = GivenOptions()

  /// The defaults.
  public init() {}
}

/// What `sample bench` measures.
public struct BenchOptions: Sendable, Equatable {
  /// Batch sizes, ≥ 1, one measurement each.
  public var batches = [1, 16]
  /// Passes to time, ≥ 1; nil to choose automatically.
  public var passes: Int?
  /// Whether to print the time per layer.
  public var layers = false
  /// Whether to time training steps instead of forward passes.
  public var training = false
  /// Whether to use gradient checkpointing.
  public var useCheckpoint = false
  /// A `.npy` for the network's output.
  public var out: String?

  /// The defaults.
  public init() {}
}

/// How to show progress.
public enum ProgressName: String, Sendable, CaseIterable {
  /// A bar on a terminal, otherwise nothing.
  case auto
  /// A bar.
  case bar
  /// A line every few seconds.
  case plain
  /// Nothing.
  case none
}
