import DiffusionText

/// One of the classes to draw, or several, before the model is known that gives them meaning.
///
/// In JSON a name is a string, an index a number, and what was typed an object: `["cat", 3, {"typed": "0-9"}]`.
public enum ClassSelection: Sendable, Equatable {
  /// The class of this name, upper and lower case being the same.
  case name(String)
  /// The class of this number, counted from 0, whatever it is called.
  case index(Int)
  /// As people type it: a name, or, where names are not numbers, an index; a range of either (`0-9`); `#3` for the index 3 in any case; `all`,
  /// which is all but the null class unless a class is called so.
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

/// The classes that a model, or a classifier, knows.
public struct KnownClasses: Sendable, Equatable {
  /// How many, the null class included.
  public var count: Int
  /// What they are called, in order, as far as they are called something.
  public var names: [String] = []
  /// The one that stands for none, which can be asked for by its index only.
  public var nullClass: Int?

  /// `count` classes.
  public init(count: Int, names: [String] = [], nullClass: Int? = nil) {
    (self.count, self.names, self.nullClass) = (count, names, nullClass)
  }

  /// The indices that selections mean, to be taken in turn.
  ///
  /// - Throws: `SamplingError.unknownClass`.
  public func indices(of selections: [ClassSelection]) throws(SamplingError) -> [Int] {
    var indices: [Int] = []
    for selection in selections { indices += try self.indices(of: selection) }
    return indices
  }

  /// What says unmistakably which class it is, also typed after `--class`: its name, if it has one that no other class has.
  public func selection(_ index: Int) -> ClassSelection {
    guard index < names.count, !names.isEmpty else { return names.isEmpty ? .index(index) : .typed("#\(index)") }
    let name = names[index]
    let isTypeable =
      !name.isEmpty && !name.contains(",") && !name.hasPrefix("#") && name.first != " " && name.last != " "
    return isTypeable && self.index(named: name) == index ? .name(name) : .typed("#\(index)")
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
    names.firstIndex { $0.lowercased() == name.lowercased() }
  }

  /// Whether a name is a number, but not that of its own class: then numbers are names, and who types one does not mean an index.
  private var namesAreNumbers: Bool {
    names.enumerated().contains { index, name in Int(name).map { $0 != index } ?? false }
  }

  /// A name or, where they cannot be mistaken for one another, an index.
  private func single(_ item: some StringProtocol) -> Int? {
    if let index = index(named: item) { return index }
    let isMarked = item.hasPrefix("#")
    let digits = isMarked ? item.dropFirst() : item[...]
    guard isMarked || !namesAreNumbers, isWholeNumber(digits), let index = Int(digits), index < count else {
      return nil
    }
    return index
  }

  /// `0-9`, from a class to one behind it. Where names are numbers, all that lie between, in their order.
  private func range(_ item: String) -> [Int]? {
    // A name may hold hyphens: try each as the one of the range.
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
    .unknownClass(
      item, known: self, suggestion: nearest(item.lowercased(), names.map { $0.lowercased() }))
  }

  /// For an error: their numbers, and names if there are any.
  var text: String {
    let last = count - 1 - (nullClass == count - 1 ? 1 : 0)
    if names.isEmpty { return "0 to \(last)" }
    let list = names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
    return namesAreNumbers ? "\(list) (or #0 to #\(last), counted)" : "0 to \(last) (\(list))"
  }
}
