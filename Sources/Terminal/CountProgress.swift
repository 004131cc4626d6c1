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

  /// What `work` returns, with its progress shown for as long as it takes.
  ///
  /// - Parameters:
  ///   - what: what it does.
  ///   - style: how it is shown.
  ///   - work: does it, and tells its argument how many of how many things are done, from 1.
  public static func shown<Result: ~Copyable>(
    _ what: String, style: ProgressStyle, _ work: (_ advance: @escaping (Int, Int) -> Void) throws -> Result
  ) rethrows -> Result {
    var progress = CountProgress(what, style: style)
    defer { progress.finish() }
    return try work { progress.advance(to: $0, of: $1) }
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

/// Shows one after another how far several things are.
public struct StageProgress {
  private let style: ProgressStyle
  private var stage = ""
  private var progress: CountProgress?

  /// Progress, shown in `style`.
  public init(style: ProgressStyle) { self.style = style }

  /// What `work` returns, with its progress shown for as long as it takes.
  ///
  /// - Parameters:
  ///   - style: how it is shown.
  ///   - work: does it, and tells its argument what it is at, and how many of how many things are done, from 1.
  public static func shown<Result: ~Copyable>(
    style: ProgressStyle, _ work: (_ advance: @escaping (String, Int, Int) -> Void) throws -> Result
  ) rethrows -> Result {
    var progress = StageProgress(style: style)
    defer { progress.finish() }
    return try work { progress.advance($0, to: $1, of: $2) }
  }

  /// Records that `done` of `count` of a stage are done; the line goes with the last.
  public mutating func advance(_ stage: String, to done: Int, of count: Int) {
    if stage != self.stage {
      finish()
      (self.stage, progress) = (stage, CountProgress(stage, style: style))
    }
    progress?.advance(to: done, of: count)
    if done == count { finish() }
  }

  /// Removes the line. The next stage begins anew, whatever its name.
  public mutating func finish() {
    progress?.finish()
    (stage, progress) = ("", nil)
  }
}
