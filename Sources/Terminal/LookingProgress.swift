import DiffusionText

/// Shows on standard error how far the data is looked at before training, if that takes longer than a second.
public struct LookingProgress {
  private let style: ProgressStyle
  private let start = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private var hasBar = false
  /// Whether nothing has been shown yet.
  private var isFirst = true

  /// Progress shown in `style`.
  public init(style: ProgressStyle) { self.style = style }

  /// Records that `done` of `count` pictures have been looked at.
  public mutating func advance(to done: Int, of count: Int) {
    let now = ContinuousClock.now
    let interval = style.interval(isFirst: isFirst, plain: .seconds(10), bar: .milliseconds(200))
    guard style != .none, now - start > .seconds(1), now - lastShown > interval, done < count else { return }
    (lastShown, isFirst) = (now, false)
    let left = (now - start).seconds / Double(done) * Double(count - done)
    let text = "looking at the pictures: \(grouped(done))/\(grouped(count)), \(clock(left)) left"
    if style == .bar {
      writeControl("\r\u{1B}[K\(text)")
      hasBar = true
    } else {
      writeError(text + "\n")
    }
  }

  /// Removes the line.
  public mutating func finish() {
    if hasBar { writeControl("\r\u{1B}[K") }
    hasBar = false
  }
}
