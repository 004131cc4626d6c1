import DiffusionText

/// A line on standard error that says how far something is: on a terminal it is redrawn in place, elsewhere another is
/// written every few seconds, or now and then.
struct ProgressLine {
  /// How it is shown.
  let style: ProgressStyle
  /// When the work began.
  let start = ContinuousClock.now
  private let delay: Duration
  private let plain: Duration
  private let bar: Duration
  private var lastShown = ContinuousClock.now
  private var isFirst = true
  /// Whether a line is on the terminal that the next is drawn over.
  private var isDrawn = false

  /// - Parameters:
  ///   - style: how it is shown.
  ///   - delay: how long nothing is shown, as shorter work needs no line.
  ///   - plain: the time between two lines that are written.
  ///   - bar: the time between two drawings.
  init(
    style: ProgressStyle, delay: Duration = .zero, plain: Duration = .seconds(10), bar: Duration = .milliseconds(200)
  ) {
    (self.style, self.delay, self.plain, self.bar) = (style, delay, plain, bar)
  }

  /// The seconds since the work began.
  var elapsed: Double { (ContinuousClock.now - start).seconds }

  /// Shows a line if it is time for one.
  ///
  /// - Parameters:
  ///   - isEnd: whether the work is done, which is shown at once, but not in a log, where another line follows.
  ///   - text: the line; drawn, it is cut to the width of the terminal, as a wrapped line could not be erased.
  mutating func show(isEnd: Bool = false, _ text: () -> String) {
    let now = ContinuousClock.now
    let interval = style.interval(isFirst: isFirst, plain: plain, bar: bar)
    guard style != .none, now - start > delay, now - lastShown > interval || isEnd && style != .log else { return }
    (lastShown, isFirst) = (now, false)
    if style == .bar {
      writeControl("\r\u{1B}[K\(text().prefix((TerminalSize.ofStandardError?.columns ?? .max) - 1))")
      isDrawn = true
    } else {
      writeError(text() + "\n")
    }
  }

  /// Removes the line that is drawn, or ends it, so that the next output starts on a line of its own.
  mutating func finish(keepsLine: Bool = false) {
    if isDrawn { keepsLine ? writeError("\n") : writeControl("\r\u{1B}[K") }
    isDrawn = false
  }
}
