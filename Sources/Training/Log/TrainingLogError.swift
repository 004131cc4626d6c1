import DiffusionFiles

/// Why a run cannot keep its log. Every description is one sentence.
public enum TrainingLogError: Error, Equatable, CustomStringConvertible {
  /// A file that cannot be read or written.
  case file(FileError)
  /// A file to go on with that has no steps in its first line.
  case noSteps(path: String)
  /// A line, counted from 1, that no log has.
  case line(path: String, Int)

  /// One sentence that says what is wrong and what to do.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .noSteps(let path): "\(path): its first line has no column step, so it is no log of a run; move it away"
    case .line(let path, let number): "\(path): line \(number) tells no step; mend it, or move the file away"
    }
  }
}
