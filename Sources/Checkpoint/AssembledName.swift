/// How a tensor is assembled from the tensors of another family's checkpoint.
public struct AssembledName: Sendable, Equatable {
  /// Its new name.
  public let name: String
  /// The tensors to stack along their first dimension: usually one; three for q, k and v; none for a constant.
  public let parts: [String]
  /// The number of dimensions of size 1 to append: with one, a linear layer's `[C, C]` becomes a convolution's
  /// `[C, C, 1]`; with -1, a two-dimensional convolution's `[C, C, 1, 1]` does.
  public let trailingOnes: Int
  /// Whether the columns of a matrix with even numbers, from 0, come before those with odd ones.
  public let evenColumnsFirst: Bool

  /// The rows of its only part that it has, in their order; nil for all.
  public var rows: [Range<Int>]?
  /// The value of all elements, and the shape, of a tensor that the other family does without.
  let constant: Constant?

  /// A tensor of one repeated value.
  struct Constant: Sendable, Equatable {
    let value: Float
    let shape: [Int]
  }

  /// The tensor `name`, made of at least one part.
  public init(_ name: String, parts: [String], trailingOnes: Int = 0, evenColumnsFirst: Bool = false) {
    precondition(!parts.isEmpty, "\(name) must be made of something")
    self.name = name
    self.parts = parts
    self.trailingOnes = trailingOnes
    self.evenColumnsFirst = evenColumnsFirst
    constant = nil
  }

  /// The tensor `name` of `shape`, whose elements are all `value`.
  public init(_ name: String, value: Float, shape: [Int]) {
    (self.name, parts, trailingOnes, evenColumnsFirst) = (name, [], 0, false)
    constant = Constant(value: value, shape: shape)
  }
}

extension StateDict {
  /// The same checkpoint with the tensors of `plan` instead of its own, and with another origin if one is given. No
  /// elements are read yet.
  ///
  /// - Throws: `CheckpointError.missingPart`, `.partShapes` for parts that cannot be stacked, `.nameTwice`.
  public func assembled(
    _ plan: [AssembledName], origin: StateDictOrigin? = nil
  ) throws(CheckpointError) -> StateDict {
    try assembled(plan, origin: origin, neighbours: neighbours)
  }

  /// The same with other tensors beside the network.
  func assembled(
    _ plan: [AssembledName], origin: StateDictOrigin?, neighbours: [String: StoredTensor]
  ) throws(CheckpointError) -> StateDict {
    var seen: Set<String> = []
    // A file may have one tensor under its family's name and another under the name assigned here.
    if let twice = plan.first(where: { !seen.insert($0.name).inserted }) {
      throw .nameTwice(file: file.name, name: twice.name)
    }
    var entries: [(name: String, entry: Entry)] = []
    for item in plan { entries.append((item.name, try assemble(item))) }
    return try StateDict(
      file: file, entries: entries, metadata: metadata, origin: origin ?? self.origin, neighbours: neighbours)
  }

  private func assemble(_ item: AssembledName) throws(CheckpointError) -> Entry {
    if let constant = item.constant {
      return Entry(shape: constant.shape, parts: [StoredTensor(constant: constant.value, shape: constant.shape)])
    }
    var shape: [Int]?
    var parts: [StoredTensor] = []
    for name in item.parts {
      guard var part = entry(name) else { throw .missingPart(file: file.name, part: name, name: item.name) }
      if let rows = item.rows {
        guard let selected = part.selecting(rows) else {
          throw .wrongShape(file: file.name, name: name, found: part.shape, needed: [rows.last?.upperBound ?? 0])
        }
        part = selected
      }
      parts += item.evenColumnsFirst ? part.parts.map { $0.evenColumnsFirst } : part.parts
      guard let first = shape else {
        shape = part.shape
        continue
      }
      guard !first.isEmpty, !part.shape.isEmpty, first.dropFirst() == part.shape.dropFirst() else {
        throw .partShapes(
          file: file.name, name: item.name, first: item.parts[0], firstShape: self.shape(of: item.parts[0]) ?? first,
          other: name, otherShape: part.shape)
      }
      let (sum, overflow) = first[0].addingReportingOverflow(part.shape[0])
      guard !overflow else { throw .tensor(file: file.name, name: name, .badShape(part.shape)) }
      shape = [sum] + first.dropFirst()
    }
    let assembled = shape ?? []
    if item.trailingOnes >= 0 {
      return Entry(shape: assembled + [Int](repeating: 1, count: item.trailingOnes), parts: parts)
    }
    // Another shape is left for the network to refuse.
    let isLong = assembled.suffix(-item.trailingOnes) == Array(repeating: 1, count: -item.trailingOnes)[...]
    return Entry(shape: isLong ? assembled.dropLast(-item.trailingOnes) : assembled, parts: parts)
  }
}

extension StateDict.Entry {
  /// The rows `ranges` of it, in that order; nil if it does not have them.
  fileprivate func selecting(_ ranges: [Range<Int>]) -> Self? {
    var selected: [StoredTensor] = []
    for range in ranges {
      guard range.lowerBound >= 0, let rows = shape.first, range.upperBound <= rows else { return nil }
      var begin = 0
      for part in parts {
        let first = max(range.lowerBound - begin, 0)
        let own = first..<max(first, min(range.upperBound - begin, part.shape[0]))
        if !own.isEmpty { selected.append(part.rows(own)) }
        begin += part.shape[0]
      }
    }
    return StateDict.Entry(shape: [ranges.reduce(0) { $0 + $1.count }] + shape.dropFirst(), parts: selected)
  }
}

extension StoredTensor {
  /// Some of its rows.
  fileprivate func rows(_ range: Range<Int>) -> StoredTensor {
    StoredTensor(
      file: file, elementType: elementType, shape: [range.count] + shape.dropFirst(), strides: strides,
      offset: offset + range.lowerBound * strides[0], storageBegin: storageBegin, storageBytes: storageBytes,
      storageCount: storageCount)
  }
}
