import DiffusionFiles

/// An error in keeping a run's log. Every description is one sentence.
public enum TrainingLogError: Error, Equatable, CustomStringConvertible {
  /// A file cannot be read or written.
  case file(FileError)
  /// The first line of a log to continue has no `step` column.
  case noSteps(path: String)
  /// A line, counted from 1, is not a line of a log.
  case line(path: String, Int)

  /// One sentence that describes the error and what to do.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .noSteps(let path): "\(path): its first line has no column step, so it is not the log of a run; move it away"
    case .line(let path, let number): "\(path): line \(number) has no step; fix it, or move the file away"
    }
  }
}
