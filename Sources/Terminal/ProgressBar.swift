import DiffusionText

/// Shows progress and remaining time on standard error: a bar redrawn in place on a terminal, or a plain
/// line every few seconds, or now and then.
public struct ProgressBar {

  private let style: ProgressStyle
  private let images: Int
  private let steps: Int
  /// Text after the step number.
  private let note: String
  private let start = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private var isShown = false
  /// Whether nothing has been shown yet.
  private var isFirst = true
  /// Steps times images, done and skipped.
  private var done = 0
  private var skipped = 0

  /// A bar for `images` images of `steps` steps each.
  public init(style: ProgressStyle, images: Int, steps: Int, note: String = "") {
    self.style = style
    self.note = note
    self.images = images
    self.steps = steps
  }

  /// Skips an image that is already on disk.
  public mutating func skip() { skipped += steps }

  /// Records that `count` images have finished step number `step`.
  public mutating func advance(by count: Int, step: Int) {
    done += count
    let now = ContinuousClock.now
    let interval = style.interval(isFirst: isFirst, plain: .seconds(5), bar: .milliseconds(100))
    let total = images * steps
    // Nothing is shown for the first fifth of a second: shorter runs need no bar. A log needs no line at the end, where
    // another follows.
    let isDue = now - lastShown > interval || done + skipped == total && style != .log
    guard style != .none, now - start > .milliseconds(200), isDue else { return }
    (lastShown, isFirst) = (now, false)
    let elapsed = (now - start).seconds
    let left = elapsed / Double(done) * Double(total - done - skipped)
    let rate = Double(done) / elapsed
    let text =
      (images == 1
        ? "step \(step)/\(steps)\(note), \(decimal(rate, 1)) steps/s"
        : """
        image \((done + skipped) / steps)/\(images), step \(step)/\(steps)\(note), \
        \(decimal(rate / Double(steps), 2)) images/s
        """)
      + ", \(clock(left)) left"
    switch style {
    case .bar:
      let width = 24
      let filled = (done + skipped) * width / total
      let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: width - filled)
      // A wrapped line could not be erased.
      let columns = TerminalSize.ofStandardError?.columns ?? .max
      writeControl("\r\u{1B}[K\("\(bar) \(text)".prefix(columns - 1))")
      isShown = true
    case .plain, .log: writeError(text + "\n")
    case .none: break
    }
  }

  /// Removes the bar, so that the next output starts on a clean line.
  public mutating func finish() {
    if isShown { writeControl("\r\u{1B}[K") }
    isShown = false
  }
}
