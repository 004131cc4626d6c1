import DiffusionText

/// Shows training progress on standard error: step, loss, speed and remaining time.
public struct TrainingProgress {
  private var line: ProgressLine
  private let first: Int
  private let end: Int?
  /// The loss, averaged over about a hundred steps.
  private var loss: Double?

  /// - Parameters:
  ///   - style: how progress is shown.
  ///   - first: steps taken before.
  ///   - end: total steps, if limited.
  public init(style: ProgressStyle, first: Int, end: Int?) {
    line = ProgressLine(style: style)
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
    let shown = loss ?? mean
    line.show(isEnd: step == end) { [line, first, end] in
      let rate = Double(step - first) / line.elapsed
      var text = "step \(grouped(step))" + (end.map { "/\(grouped($0))" } ?? "")
      text += ", loss \(decimal(shown, 4)), \(decimal(rate * Double(batch), 1)) images/s"
      if let end { text += ", \(clock(Double(end - step) / rate)) left" }
      return text
    }
  }

  /// Removes the line of the bar, for something else that takes its place for a while.
  public mutating func clear() { line.finish() }

  /// Ends the line of the bar.
  public mutating func finish() { line.finish(keepsLine: true) }
}
