import DiffusionPlatform

/// How progress is shown on standard error.
public enum ProgressStyle: Sendable, Equatable {
  /// A bar redrawn in place.
  case bar
  /// A line every few seconds.
  case plain
  /// Nothing.
  case none

  /// Parses the value of `--progress`: `bar`, `plain`, `none`, or `auto`, which means a bar on a terminal
  /// and otherwise nothing.
  public init(named name: String?, quiet: Bool) {
    self =
      switch quiet ? "none" : name {
      case "bar": .bar
      case "plain": .plain
      case "none": .none
      default: isatty(STDERR_FILENO) == 1 ? .bar : .none
      }
  }
}
