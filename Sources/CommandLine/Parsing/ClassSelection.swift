import DiffusionText

/// The classes that a list of names, numbers and ranges means for a model.
///
/// - Parameters:
///   - items: the parts of `--class`: a class's name, its number, a range of numbers or names (`0-9`), or `all`, which is all but the
///     null class unless a class is called so.
///   - count: the model's classes, the null class included.
///   - names: what they are called, in order, as far as they are called something. A name wins over a number.
///   - nullClass: the class that stands for none, which can be asked for by number only.
/// - Returns: class numbers, to be taken in turn.
/// - Throws: `UsageError`.
public func selectClasses(
  _ items: [String], count: Int, names: [String], nullClass: Int?
) throws(UsageError) -> [Int] {
  let last = count - 1 - (nullClass == count - 1 ? 1 : 0)
  func number(_ item: some StringProtocol) -> Int? {
    if let index = names.firstIndex(where: { $0.lowercased() == item.lowercased() }) { return index }
    guard isWholeNumber(Substring(item)), let number = Int(item), number < count else { return nil }
    return number
  }
  var classes: [Int] = []
  for item in items {
    if let single = number(item) {
      classes.append(single)
      continue
    }
    if item.lowercased() == "all" {
      classes += (0..<count).filter { $0 != nullClass }
      continue
    }
    // A name may hold hyphens: try each as the one of the range.
    let range = item.indices.lazy.filter { item[$0] == "-" }.compactMap { hyphen -> ClosedRange<Int>? in
      guard let first = number(item[..<hyphen]), let end = number(item[item.index(after: hyphen)...]), first <= end
      else { return nil }
      return first...end
    }.first
    guard let range else {
      let suggestion = nearest(item.lowercased(), names.map { $0.lowercased() }).map { "; did you mean \($0)?" } ?? ""
      let known =
        names.isEmpty
        ? "0 to \(last)" : "0 to \(last) (\(names.prefix(12).joined(separator: ", "))\(names.count > 12 ? ", …" : ""))"
      throw UsageError("--class: the model has no class \"\(item)\"; its classes are \(known)\(suggestion)")
    }
    classes += range
  }
  return classes
}
