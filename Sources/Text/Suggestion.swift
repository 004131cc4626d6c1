/// The nearest name to a mistyped one, if at most a third of it is wrong.
public func nearest(_ word: String, _ names: [String]) -> String? {
  // A word much longer than all names is near none, and slow to compare.
  guard word.utf8.count <= 2 * (names.map(\.utf8.count).max() ?? 0) else { return nil }
  let scored = names.map { (name: $0, distance: editDistance(Array(word), Array($0))) }
  guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
  let shorter = min(word.count, best.name.count)
  return best.distance <= max(1, shorter / 3) && best.distance < shorter ? best.name : nil
}

/// The Damerau–Levenshtein distance in its restricted form: insertions, deletions, replacements and swaps of
/// neighbours, with no substring edited twice (Damerau 1964).
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in 1..<a.count + 1 {
    var row = [i]
    for j in 1..<b.count + 1 {
      var best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] { best = min(best, beforeLast[j - 2] + 1) }
      row.append(best)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}

/// The message for an unknown value of an option, with the known values and the nearest of them.
public func unknownChoice(_ option: String, _ text: String, _ names: [String]) -> String {
  let known = "\(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])"
  let suggestion = nearest(text, names).map { "; did you mean \($0)?" } ?? ""
  return "--\(option): \"\(text)\" is not one of \(known)\(suggestion)"
}
