import DiffusionText

/// Shows training progress on standard error: step, loss, speed and remaining time.
public struct TrainingProgress {
  private let style: ProgressStyle
  private let first: Int
  private let end: Int?
  private let start = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private var hasBar = false
  /// Whether nothing has been shown yet.
  private var isFirst = true
  /// The loss, averaged over about a hundred steps.
  private var loss: Double?

  /// - Parameters:
  ///   - style: how progress is shown.
  ///   - first: steps taken before.
  ///   - end: total steps, if limited.
  public init(style: ProgressStyle, first: Int, end: Int?) {
    self.style = style
    self.first = first
    self.end = end
  }

  /// Records that step number `step` has been taken.
  ///
  /// - Parameters:
  ///   - step: the number of steps taken.
  ///   - mean: the mean loss of the batch.
  ///   - batch: the number of images in the batch.
  public mutating func advance(to step: Int, loss mean: Double, batch: Int) {
    loss = loss.map { 0.99 * $0 + 0.01 * mean } ?? mean
    let now = ContinuousClock.now
    let interval = style.interval(isFirst: isFirst, plain: .seconds(10), bar: .milliseconds(200))
    guard style != .none, now - lastShown > interval || step == end && style != .log else { return }
    (lastShown, isFirst) = (now, false)
    let elapsed = (now - start).seconds
    let rate = Double(step - first) / elapsed
    var text = "step \(grouped(step))" + (end.map { "/\(grouped($0))" } ?? "")
    text += ", loss \(decimal(loss ?? mean, 4)), \(decimal(rate * Double(batch), 1)) images/s"
    if let end { text += ", \(clock(Double(end - step) / rate)) left" }
    if style == .bar {
      writeControl("\r\u{1B}[K\(text)")
      hasBar = true
    } else {
      writeError(text + "\n")
    }
  }

  /// Ends the line of the bar.
  public mutating func finish() {
    if hasBar { writeError("\n") }
    hasBar = false
  }
}
