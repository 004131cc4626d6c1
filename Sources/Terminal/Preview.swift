import DiffusionCore
import DiffusionImages
import DiffusionPlatform
import DiffusionText
import TensorCore

/// Shows the predicted images on the terminal while they are drawn: as many of a batch as fit, redrawn in place above
/// the progress bar, where the cursor stays. Changes no terminal mode, so none has to be restored.
public struct Preview {
  private let style: TerminalStyle
  /// What is shown of a state, and how many times as large it is.
  private let (pictures, scale): (@Sendable (Tensor) -> Tensor, Int)
  /// The latest state, if not yet shown.
  private var waiting: Tensor?
  /// What is shown above the cursor, and the terminal's size at the time.
  private var standing: (layout: TerminalLayout, terminal: TerminalSize)?
  private var nextTime = ContinuousClock.now

  /// Nil, with a warning, if nothing can be shown; the images do not depend on it.
  ///
  /// - Parameters:
  ///   - channels: the pictures' channels.
  ///   - scale: the pixels of a picture, across, for each of a state's images.
  ///   - pictures: what is shown of these.
  /// - Throws: `PreviewError` unless there are 1 or 3 channels.
  public init?(
    channels: Int, scale: Int = 1, pictures: @escaping @Sendable (Tensor) -> Tensor = { $0 }
  ) throws(PreviewError) {
    (self.pictures, self.scale) = (pictures, scale)
    guard channels == 1 || channels == 3 else { throw PreviewError(channels: channels) }
    guard TerminalSize.ofStandardError != nil else {
      writeError("warning: --preview shows nothing, as standard error is not a terminal\n")
      return nil
    }
    guard let style = TerminalStyle(environment: { getenv($0).map { String(cString: $0) } }) else {
      writeError("warning: --preview shows nothing, as the terminal (TERM) cannot move its cursor\n")
      return nil
    }
    self.style = style
  }

  /// Shows the state of a batch, unless something was shown just before.
  ///
  /// - Throws: `ImageError`.
  public mutating func show(_ state: SamplerState) throws {
    waiting = state.shown
    if ContinuousClock.now >= nextTime { try draw() }
  }

  /// Shows the last state if it was skipped.
  ///
  /// - Throws: `ImageError`.
  public mutating func finish() throws {
    if waiting != nil { try draw() }
  }

  private mutating func draw() throws {
    guard let x = waiting, let terminal = TerminalSize.ofStandardError else { return }
    let begin = ContinuousClock.now
    waiting = nil
    let layout = TerminalLayout(
      width: x.shape[3] * scale, height: x.shape[2] * scale, count: x.shape[0], columns: terminal.columns,
      lines: terminal.lines)
    let count = min(x.shape[0], layout.across * layout.down)
    let shown = pictures(x.rows(0..<count))
    let picture = try grid(try (0..<count).map { try Picture(shown, $0) }, columns: layout.across).shrunk(
      by: style.scalesPictures ? 1 : layout.divisor)
    // The process ID: with a fixed number, kitty would remove the pictures of earlier runs.
    let text = try picture.terminalText(style, columns: layout.columns, lines: layout.lines, id: Int(getpid()))
    writeControl(wayThere(layout, terminal) + text)
    standing = (layout, terminal)
    // At most ten times a second, and at most a twentieth of the time.
    let end = ContinuousClock.now
    nextTime = end.advanced(by: max(.milliseconds(100), begin.duration(to: end) * 20))
  }

  /// Moves to the first line of the last preview. If the terminal was resized, that line's position is
  /// unknown: starts below it.
  private func wayThere(_ layout: TerminalLayout, _ terminal: TerminalSize) -> String {
    guard let standing, standing.terminal == terminal else { return "\r\u{1B}[K" }
    // A different layout could leave remains of the last one.
    return "\r\u{1B}[\(standing.layout.lines)A" + (standing.layout == layout ? "" : "\u{1B}[J")
  }
}

/// Images with this many channels cannot be previewed.
public struct PreviewError: Error, CustomStringConvertible {
  /// The images' channels.
  public let channels: Int

  /// One sentence that says what to type instead.
  public var description: String {
    "--preview shows images of 1 or 3 channels, but these have \(channels); leave --preview out"
  }
}
