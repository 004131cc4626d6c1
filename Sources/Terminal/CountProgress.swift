import DiffusionText

/// Shows on standard error how many of a number of things are done, if that takes longer than a second:
/// `looking at the pictures: 1,234/60,000, 1:40 left`.
public struct CountProgress {
  private var line: ProgressLine
  private let what: String
  private var rate = CountRate()

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
    guard done < count, let left = rate.secondsLeft(at: line.elapsed, done: done, of: count) else { return }
    line.show { [what] in "\(what): \(grouped(done))/\(grouped(count)), \(clock(left)) left" }
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

/// How long the rest takes, by what was done since this was first asked: what was done before may have been kept from
/// another time, or have taken as long as the first of many.
struct CountRate {
  private var first: (time: Double, done: Int)?

  /// - Parameters:
  ///   - time: now, in seconds.
  ///   - done: how many things are done.
  ///   - count: how many there are.
  /// - Returns: seconds; nil the first time, or if nothing more was done.
  mutating func secondsLeft(at time: Double, done: Int, of count: Int) -> Double? {
    guard let first else {
      self.first = (time, done)
      return nil
    }
    guard done > first.done else { return nil }
    return (time - first.time) / Double(done - first.done) * Double(count - done)
  }
}
