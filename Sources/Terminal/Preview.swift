import DiffusionCore
import DiffusionImages
import DiffusionPlatform
import DiffusionText
import TensorCore

/// Shows on the terminal, while images are drawn, what the model expects them to become: as many of a batch as fit, drawn again in place,
/// above the line of the progress bar, at which the cursor stays. No mode of the terminal is changed, so none is to be changed back.
public struct Preview {
  private let style: TerminalStyle
  /// What is to be shown, if it is not shown yet.
  private var waiting: Tensor?
  /// What stands above the cursor, on a terminal of that size.
  private var standing: (layout: TerminalLayout, terminal: TerminalSize)?
  private var nextTime = ContinuousClock.now

  /// Nil where nothing can be shown: that is said, and the images are drawn nevertheless, as they do not depend on it.
  ///
  /// - Parameter channels: those of the images.
  /// - Throws: `PreviewError` for images of other than 1 or 3 channels.
  public init?(channels: Int) throws(PreviewError) {
    guard channels == 1 || channels == 3 else { throw PreviewError(channels: channels) }
    guard TerminalSize.ofStandardError != nil else {
      writeError("warning: --preview shows nothing, as standard error is no terminal\n")
      return nil
    }
    guard let style = TerminalStyle(environment: { getenv($0).map { String(cString: $0) } }) else {
      writeError("warning: --preview shows nothing, as the terminal (TERM) cannot move its cursor\n")
      return nil
    }
    self.style = style
  }

  /// Shows a batch as it is, unless something has been shown just before.
  ///
  /// - Throws: `ImageError`.
  public mutating func show(_ state: SamplerState) throws {
    waiting = state.shown
    if ContinuousClock.now >= nextTime { try draw() }
  }

  /// Shows what has not been shown for lack of time: the result.
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
      width: x.shape[3], height: x.shape[2], count: x.shape[0], columns: terminal.columns, lines: terminal.lines)
    let count = min(x.shape[0], layout.across * layout.down)
    let pictures = try (0..<count).map { try Picture(x, $0) }
    let picture = try grid(pictures, columns: layout.across).shrunk(by: style.scalesPictures ? 1 : layout.divisor)
    // The number of the process: kitty would take away what an earlier one has left.
    let text = try picture.terminalText(style, columns: layout.columns, lines: layout.lines, id: Int(getpid()))
    writeControl(wayThere(layout, terminal) + text)
    standing = (layout, terminal)
    // At most ten times a second, and for a twentieth of the time.
    let end = ContinuousClock.now
    nextTime = end.advanced(by: max(.milliseconds(100), begin.duration(to: end) * 20))
  }

  /// To the first line of what stands there. If the terminal's size has changed, nobody knows where that is: then below it.
  private func wayThere(_ layout: TerminalLayout, _ terminal: TerminalSize) -> String {
    guard let standing, standing.terminal == terminal else { return "\r\u{1B}[K" }
    // Of other pictures, something could be left over.
    return "\r\u{1B}[\(standing.layout.lines)A" + (standing.layout == layout ? "" : "\u{1B}[J")
  }
}

/// There is no preview of images of so many channels.
public struct PreviewError: Error, CustomStringConvertible {
  /// Those of the images.
  public let channels: Int

  /// One sentence that says what to type instead.
  public var description: String {
    "--preview shows images of 1 or 3 channels, and these have \(channels); leave --preview out"
  }
}
