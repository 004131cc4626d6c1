import DiffusionText

/// Shows progress and remaining time on standard error: a bar redrawn in place on a terminal, or a plain
/// line every few seconds, or now and then.
public struct ProgressBar {
  private var line: ProgressLine
  private let images: Int
  private let steps: Int
  /// Text after the step number.
  private let note: String
  /// Steps times images, done and skipped.
  private var done = 0
  private var skipped = 0

  /// A bar for `images` images of `steps` steps each.
  public init(style: ProgressStyle, images: Int, steps: Int, note: String = "") {
    // Nothing is shown for the first fifth of a second: shorter runs need no bar.
    line = ProgressLine(
      style: style, delay: .milliseconds(200), plain: .seconds(5), bar: .milliseconds(100))
    self.note = note
    self.images = images
    self.steps = steps
  }

  /// Skips an image that is already on disk.
  public mutating func skip() { skipped += steps }

  /// Records that `count` images have finished step number `step`.
  public mutating func advance(by count: Int, step: Int) {
    done += count
    let total = images * steps
    line.show(isEnd: done + skipped == total) { [self] in
      let left = line.elapsed / Double(done) * Double(total - done - skipped)
      let rate = Double(done) / line.elapsed
      let text =
        (images == 1
          ? "step \(step)/\(steps)\(note), \(decimal(rate, 1)) steps/s"
          : """
          image \((done + skipped) / steps)/\(images), step \(step)/\(steps)\(note), \
          \(decimal(rate / Double(steps), 2)) images/s
          """)
        + ", \(clock(left)) left"
      guard line.style == .bar else { return text }
      let width = 24
      let filled = (done + skipped) * width / total
      return String(repeating: "━", count: filled) + String(repeating: "╌", count: width - filled) + " " + text
    }
  }

  /// Removes the bar, so that the next output starts on a clean line.
  public mutating func finish() { line.finish() }
}
