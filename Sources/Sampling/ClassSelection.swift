import DiffusionText

/// One or more classes to draw, not yet resolved against a model's classes.
///
/// In JSON a name is a string, an index is a number, and typed text is an object: `["cat", 3, {"typed": "0-9"}]`.
public enum ClassSelection: Sendable, Equatable {
  /// The class with this name, ignoring case unless another's differs only in that.
  case name(String)
  /// The class with this index, counted from 0, whatever its name.
  case index(Int)
  /// As typed on a command line: a name; an index, unless the names are numbers; a range of either (`0-9`); `#3` for
  /// index 3 in any case; or `all`, every class but the null class, unless a class has that name.
  case typed(String)
}

extension ClassSelection: Codable {
  private enum CodingKeys: String, CodingKey {
    case typed
  }

  /// Reads a string, a number, or an object with the key `typed`.
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.singleValueContainer() {
      if let index = try? container.decode(Int.self) {
        self = .index(index)
        return
      }
      if let name = try? container.decode(String.self) {
        self = .name(name)
        return
      }
    }
    self = .typed(try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .typed))
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .name(let name):
      var container = encoder.singleValueContainer()
      try container.encode(name)
    case .index(let index):
      var container = encoder.singleValueContainer()
      try container.encode(index)
    case .typed(let text):
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(text, forKey: .typed)
    }
  }
}

/// The classes of a model or a classifier.
public struct KnownClasses: Sendable, Equatable {
  /// The number of classes, including the null class.
  public var count: Int
  /// Class names in order; may be shorter than `count`.
  public var names: [String] = []
  /// The null class, which can only be selected by index.
  public var nullClass: Int?

  /// `count` classes.
  public init(count: Int, names: [String] = [], nullClass: Int? = nil) {
    // A file may name more classes than its network has.
    (self.count, self.names, self.nullClass) = (count, Array(names.prefix(count)), nullClass)
  }

  /// The class indices that `selections` stand for, to be cycled through.
  ///
  /// - Throws: `SamplingError.unknownClass`.
  public func indices(of selections: [ClassSelection]) throws(SamplingError) -> [Int] {
    var indices: [Int] = []
    for selection in selections { indices += try self.indices(of: selection) }
    return indices
  }

  /// An unambiguous selection of the class, also valid after `--class`: its name if no other class has it.
  public func selection(_ index: Int) -> ClassSelection {
    if index < names.count {
      let name = names[index]
      let isTypeable =
        !name.isEmpty && !name.contains(",") && !name.hasPrefix("#") && name.first != " " && name.last != " "
      if isTypeable && self.index(named: name) == index { return .name(name) }
    }
    return single("\(index)") == index ? .index(index) : .typed("#\(index)")
  }

  private func indices(of selection: ClassSelection) throws(SamplingError) -> [Int] {
    switch selection {
    case .index(let index):
      guard (0..<count).contains(index) else { throw unknown("\(index)") }
      return [index]
    case .name(let name):
      guard let index = index(named: name) else { throw unknown(name) }
      return [index]
    case .typed(let item):
      if let single = single(item) { return [single] }
      if item.lowercased() == "all" { return (0..<count).filter { $0 != nullClass } }
      guard let range = range(item) else { throw unknown(item) }
      return range
    }
  }

  private func index(named name: some StringProtocol) -> Int? {
    // Names may differ only in case.
    if let exact = names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) { return exact }
    let alike = names.indices.filter { names[$0].lowercased() == name.lowercased() }
    return alike.count == 1 ? alike[0] : nil
  }

  /// Whether some name is a number other than its class's index: a typed number is then a name, never an index.
  private var namesAreNumbers: Bool {
    names.enumerated().contains { index, name in
      name.utf8.allSatisfy("+-.0123456789".utf8.contains) && Double(name).map { $0 != Double(index) } ?? false
    }
  }

  /// A name, or an index where the two cannot be confused.
  private func single(_ item: some StringProtocol) -> Int? {
    if let index = index(named: item) { return index }
    let isMarked = item.hasPrefix("#")
    let digits = isMarked ? item.dropFirst() : item[...]
    guard isMarked || !namesAreNumbers, isWholeNumber(digits), let index = Int(digits), index < count else {
      return nil
    }
    return index
  }

  /// `0-9`, from one class to a later one. Where names are numbers: all classes whose numbers lie between,
  /// in numeric order.
  private func range(_ item: String) -> [Int]? {
    // Names may contain hyphens: try each hyphen as the separator.
    for hyphen in item.indices where item[hyphen] == "-" {
      let (first, last) = (item[..<hyphen], item[item.index(after: hyphen)...])
      guard let low = single(first), let high = single(last) else { continue }
      if let from = Int(first), let to = Int(last), namesAreNumbers {
        let found = names.indices.compactMap { index in Int(names[index]).map { (index: index, number: $0) } }
        let inside = found.filter { from <= $0.number && $0.number <= to }.sorted { $0.number < $1.number }
        if !inside.isEmpty { return inside.map(\.index) }
      } else if low <= high {
        return Array(low...high)
      }
    }
    return nil
  }

  private func unknown(_ item: String) -> SamplingError {
    .unknownClass(item, known: self, suggestion: upwards(item) ?? likely(item))
  }

  /// A range that was typed downwards, the other way round.
  private func upwards(_ item: String) -> String? {
    for hyphen in item.indices where item[hyphen] == "-" {
      let (first, last) = (item[..<hyphen], item[item.index(after: hyphen)...])
      if single(first) != nil, single(last) != nil { return "\(last)-\(first)" }
    }
    return nil
  }

  /// What to type for the class that is likely meant: a name cut at its comma, or the nearest.
  private func likely(_ item: String) -> String? {
    let lower = item.lowercased()
    let cut = names.firstIndex { $0.lowercased().split(separator: ",").first?[...] == lower[...] && $0.contains(",") }
    let near = nearest(lower, names.map { $0.lowercased() })
    guard let index = cut ?? names.firstIndex(where: { $0.lowercased() == near }) else { return nil }
    switch selection(index) {
    case .name(let name): return name == item ? nil : name
    case .index(let index): return "\(index)"
    case .typed(let text): return shellQuoted(text)
    }
  }

  /// The classes as an error lists them: indices, and names if there are any.
  var text: String {
    let last = count - 1 - (nullClass == count - 1 ? 1 : 0)
    if names.isEmpty { return "0 to \(last)" }
    let list = names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
    return namesAreNumbers ? "\(list) (or #0 to #\(last), counted)" : "0 to \(last) (\(list))"
  }
}
