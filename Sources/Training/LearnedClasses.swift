import DiffusionText

/// Compares the classes of the data with those that a checkpoint has learned: a class that is renamed, added or removed
/// would shift the labels of the others in silence.
struct LearnedClasses {
  /// The checkpoint's file.
  let file: String
  /// Their names, if it knows them.
  let names: [String]?
  /// Their number, without a null class; nil for a model without classes.
  let count: Int?
  /// Whether the data must have names if the checkpoint knows some, as it was the same data.
  var needsNames = false

  /// What differs from the classes of the data at `path`, in one sentence; nil if nothing does.
  func difference(from found: [String]?, count foundCount: Int?, path: String) -> String? {
    guard let count, let foundCount else { return nil }
    let begin = "\(sanitized(path)): its classes are not those that \(sanitized(file)) has learned"
    let advice = "name them as they were, or start a new run from random weights"
    if let names, let found, names != found {
      let (known, here) = (Set(names), Set(found))
      var parts: [String] = []
      let (gone, new) = (names.filter { !here.contains($0) }, found.filter { !known.contains($0) })
      if !gone.isEmpty { parts.append("\(Self.list(gone)) \(gone.count == 1 ? "is" : "are") missing") }
      if !new.isEmpty { parts.append("\(Self.list(new)) \(new.count == 1 ? "is" : "are") new") }
      if parts.isEmpty { parts.append("they are in another order") }
      return "\(begin): \(parts.joined(separator: ", and ")); \(advice)"
    }
    if count == foundCount, needsNames, names != nil, found == nil {
      return "\(begin): they have no names, so that their order cannot be compared; \(advice)"
    }
    return count == foundCount ? nil : "\(begin): there are \(foundCount), not \(count); \(advice)"
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(4).map { "\"\(sanitized($0))\"" }.joined(separator: ", ")
    return names.count > 4 ? "\(shown) and \(names.count - 4) more" : shown
  }
}
