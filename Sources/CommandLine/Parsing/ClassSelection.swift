import DiffusionText

/// Resolves class names, numbers and ranges for a model.
///
/// - Parameters:
///   - items: the parts of `--class`: a class's name, its number, a range of either (`0-9`), or `all`, every class but
///     the null class, unless a class has that name.
///   - count: the number of classes, including the null class.
///   - names: class names in order; may be fewer than `count`. A name takes precedence over a number.
///   - nullClass: the null class, which can only be selected by number.
/// - Returns: class numbers, to be cycled through.
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
    // Names may contain hyphens: try each hyphen as the separator.
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
