/// What a command line of `train` asks for.
public enum TrainingCommand: Sendable, Equatable {
  /// Train, in the folder of a new run.
  case train(Options, folder: String)
  /// Go on with the run in a folder: `parseTraining(_:resuming:)` reads the rest of the words, once it is known what it was begun with.
  case resume(folder: String)
  /// Print the help.
  case help
  /// Print completions for a shell.
  case completions(Shell)
  /// Print the manual page.
  case man
  /// Print the version.
  case version
}

/// What `train` is told beside what it trains.
public struct RunOptions: Sendable, Equatable {
  /// The folder of a new run.
  var folder: String?
  /// The folder of a run to go on with.
  var resumed: String?
  /// Whether float16 was asked for, which there is not.
  public var wantsHalf = false
  /// The shell whose completions are to be printed, rather than to train.
  var shell: Shell?
  /// Whether the manual page is to be printed.
  var wantsManPage = false

  /// The defaults.
  public init() {}
}
