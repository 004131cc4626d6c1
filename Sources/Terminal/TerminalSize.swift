import DiffusionPlatform

/// The size of a terminal.
public struct TerminalSize: Sendable, Equatable {
  /// Characters per line.
  public let columns: Int
  /// Lines.
  public let lines: Int

  /// The size of the terminal on standard error, 80 × 24 if it does not report one; nil if it is not a terminal.
  public static var ofStandardError: TerminalSize? {
    guard isatty(STDERR_FILENO) == 1 else { return nil }
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return TerminalSize(columns: 80, lines: 24)
    }
    return TerminalSize(columns: Int(size.ws_col), lines: Int(size.ws_row))
  }
}
