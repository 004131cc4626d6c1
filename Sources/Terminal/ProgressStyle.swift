import DiffusionPlatform

/// How progress is shown on standard error.
public enum ProgressStyle: Sendable, Equatable {
  /// A bar redrawn in place.
  case bar
  /// A line every few seconds.
  case plain
  /// A line now and then, for a log: none in a short run.
  case log
  /// Nothing.
  case none

  /// Parses the value of `--progress`: `bar`, `plain`, `none`, or `auto`, which means a bar on a terminal and otherwise
  /// a line now and then.
  public init(named name: String?, quiet: Bool) {
    self =
      switch quiet ? "none" : name {
      case "bar": .bar
      case "plain": .plain
      case "none": .none
      default: isatty(STDERR_FILENO) == 1 ? .bar : .log
      }
  }

  /// The time between two lines or drawings, and before the first.
  ///
  /// - Parameter isFirst: whether nothing has been shown yet.
  func interval(isFirst: Bool, plain: Duration, bar: Duration) -> Duration {
    switch self {
    case .bar: bar
    case .plain: plain
    case .log: isFirst ? .seconds(15) : .seconds(60)
    case .none: .seconds(Int64.max / 2)
    }
  }
}
