import DiffusionText

/// Why pictures cannot be scored.
public enum ScoringError: Error, Equatable, CustomStringConvertible {
  /// Features that are no numbers; the index is that of their first row, from 0.
  case notFinite(what: String, index: Int)
  /// Fewer pictures than a measure needs.
  case tooFew(what: String, count: Int, needed: Int, for: String)

  public var description: String {
    switch self {
    case .notFinite(let what, let index):
      "\(sanitized(what)): the features of picture \(index) are no numbers; look at it, and at the weights"
    case .tooFew(let what, let count, let needed, let measure):
      "\(sanitized(what)): \(counted(count, "picture")) are too few for \(measure), which needs \(grouped(needed))"
    }
  }
}
