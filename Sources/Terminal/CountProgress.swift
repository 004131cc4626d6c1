import DiffusionText

/// Shows on standard error how many of a number of things are done, if that takes longer than a second:
/// `looking at the pictures: 1,234/60,000, 1:40 left`.
public struct CountProgress {
  private var line: ProgressLine
  private let what: String

  /// Progress of `what`, shown in `style`.
  public init(_ what: String, style: ProgressStyle) {
    self.what = what
    line = ProgressLine(style: style, delay: .seconds(1))
  }

  /// Records that `done` of `count` are done.
  public mutating func advance(to done: Int, of count: Int) {
    guard done < count else { return }
    line.show { [self] in
      "\(what): \(grouped(done))/\(grouped(count)), \(clock(line.elapsed / Double(done) * Double(count - done))) left"
    }
  }

  /// Removes the line.
  public mutating func finish() { line.finish() }
}
