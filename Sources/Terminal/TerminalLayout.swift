/// How pictures of one size find room on a terminal, where a character shows two pixels, one above the other.
public struct TerminalLayout: Sendable, Equatable {
  /// Pictures beside one another.
  public let across: Int
  /// Pictures below one another.
  public let down: Int
  /// By what they are shrunk.
  public let divisor: Int
  /// Columns of characters that they take.
  public let columns: Int
  /// Lines that they take.
  public let lines: Int

  /// As many of `count` pictures of `width` × `height` pixels as fit on a terminal of so many columns and lines, beside a last column and
  /// two lines that are left free; if none does, one that is shrunk.
  public init(width: Int, height: Int, count: Int, columns: Int, lines: Int) {
    precondition(width > 0 && height > 0 && count > 0, "\(count) pictures of \(width)×\(height) pixels need no room")
    let (wide, high) = (max(1, columns - 1), 2 * max(1, lines - 2))
    divisor = max((width + wide - 1) / wide, (height + high - 1) / high)
    let (small, low) = ((width + divisor - 1) / divisor, (height + divisor - 1) / divisor)
    across = divisor == 1 ? min(count, wide / small) : 1
    down = divisor == 1 ? min((count + across - 1) / across, high / low) : 1
    self.columns = across * small
    self.lines = (down * low + 1) / 2
  }
}
