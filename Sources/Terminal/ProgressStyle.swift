import DiffusionPlatform

/// How progress is shown on standard error.
public enum ProgressStyle: Sendable, Equatable {
  /// A bar that is redrawn in place.
  case bar
  /// A line now and then.
  case plain
  /// Nothing.
  case none

  /// Reads what was typed after `--progress`: `bar`, `plain`, `none`, or `auto`, which is a bar on a terminal and else nothing.
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
