/// A parsed command line of `train`.
public enum TrainingCommand: Sendable, Equatable {
  /// Train in the folder of a new run.
  case train(Options, folder: String)
  /// Continue the run in a folder: `parseTraining(_:resuming:)` parses the other options once the stored
  /// request is known.
  case resume(folder: String)
  /// Say what training would take, and write nothing.
  case dryRun(Options)
  /// Print the help.
  case help
  /// Print completions for a shell.
  case completions(Shell)
  /// Print the manual page.
  case man
  /// Print the version.
  case version
}

/// Options of `train` besides what to train.
public struct RunOptions: Sendable, Equatable {
  /// The folder of a new run.
  var folder: String?
  /// The folder of a run to continue.
  var resumed: String?
  /// Whether float16 was requested, which is not supported.
  public var wantsHalf = false
  /// The shell to print completions for, instead of training.
  var shell: Shell?
  /// Whether to print the manual page.
  var wantsManPage = false

  /// The defaults.
  public init() {}
}
