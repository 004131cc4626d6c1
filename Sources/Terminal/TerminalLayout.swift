/// The arrangement of equally sized pictures on a terminal, where a cell shows two pixels, one above the other.
public struct TerminalLayout: Sendable, Equatable {
  /// Pictures per row.
  public let across: Int
  /// Rows of pictures.
  public let down: Int
  /// The factor they are shrunk by.
  public let divisor: Int
  /// Their width in cells.
  public let columns: Int
  /// Their height in lines.
  public let lines: Int

  /// As many of `count` pictures of `width` × `height` pixels as fit on a terminal of this size, less its last column
  /// and two lines; if not even one fits, a single shrunk one.
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
