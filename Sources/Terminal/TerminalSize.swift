import DiffusionPlatform

/// How much a terminal shows.
public struct TerminalSize: Sendable, Equatable {
  /// Characters in a line.
  public let columns: Int
  /// Lines.
  public let lines: Int

  /// That of standard error; nil if it is no terminal. One that does not say is taken for one of 80 columns and 24 lines.
  public static var ofStandardError: TerminalSize? {
    guard isatty(STDERR_FILENO) == 1 else { return nil }
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return TerminalSize(columns: 80, lines: 24)
    }
    return TerminalSize(columns: Int(size.ws_col), lines: Int(size.ws_row))
  }
}
