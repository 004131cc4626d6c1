import DiffusionOutput
import DiffusionTraining
import Sampling

/// What a command line asks for.
public enum Command: Sendable, Equatable {
  /// Draw images.
  case draw(Options)
  /// Measure the network's speed.
  case bench(Options)
  /// Say what a checkpoint is.
  case inspect(Options)
  /// Write a checkpoint as another kind of file.
  case convert(Options, to: CheckpointDestination)
  /// Draw an image again and compare.
  case reproduce(Options, image: String)
  /// Print what an image says of itself.
  case show(image: String)
  /// Write the noise that pictures are drawn from.
  case encode(Options, images: [String])
  /// Draw pictures again from that noise.
  case reconstruct(Options, images: [String])
  /// Draw what lies between two noises.
  case interpolate(Options)
  /// Measure how probable pictures are.
  case nll(Options, images: [String])
  /// Draw requests, a line of JSON each, from a file or, for `-`, standard input.
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

/// What a command line asks for: what is drawn or trained, where it goes, and how the program behaves meanwhile.
public struct Options: Sendable, Equatable {
  /// What is drawn.
  public var request = SamplingRequest()
  /// Where it goes.
  public var output = OutputRequest()
  /// Whether the denoising is shown on the terminal.
  public var preview = false
  /// Threads, ≥ 1; the physical cores if nil.
  public var threads: Int?
  /// No words on standard error but errors.
  public var quiet = false
  /// How progress is shown.
  public var progress: ProgressName?
  /// Whether to say what would be done, and do nothing.
  public var dryRun = false
  /// Whether the samplers are to be listed.
  public var listsSamplers = false
  /// Whether timesteps were spaced as the original's scripts take it: without `--sampler` it is theirs.
  var isUpstreamRespacing = false
  /// Whether to print JSON rather than words.
  public var json = false
  /// Whether to store numbers as float16.
  public var half = false
  /// What `sample bench` is to measure.
  public var bench = BenchOptions()
  /// What the verbs about given pictures are to do.
  public var inversion = InversionOptions()
  /// What is trained.
  public var training = TrainingRequest(data: "")
  /// What `train` is told besides.
  public var run = RunOptions()

  /// The defaults.
  public init() {}
}

/// What `sample bench` is to measure.
public struct BenchOptions: Sendable, Equatable {
  /// Images at a time, ≥ 1, one measurement each.
  public var batches = [1, 16]
  /// Passes to time, ≥ 1; nil for as many as fit.
  public var passes: Int?
  /// Whether to say which layers the time goes to.
  public var layers = false
  /// Whether to time steps of training rather than forward passes.
  public var training = false
  /// Whether blocks compute their activations anew in the backward pass.
  public var useCheckpoint = false
  /// A `.npy` for what the network puts out.
  public var out: String?

  /// The defaults.
  public init() {}
}

/// A way to show progress.
public enum ProgressName: String, Sendable, CaseIterable {
  /// A bar on a terminal, else nothing.
  case auto
  /// A bar.
  case bar
  /// A line now and then.
  case plain
  /// Nothing.
  case none
}
