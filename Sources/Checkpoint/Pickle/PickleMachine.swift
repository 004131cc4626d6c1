import DiffusionFiles

/// A pickle machine with only the instructions that checkpoints use (protocols 2 to 5, Python's `pickletools`). It
/// builds values of `PickleValue` and executes nothing. Objects of classes that it does not know are opaque values.
struct PickleMachine {
  private static let depthLimit = 64
  /// A checkpoint's pickle has some hundred bytes per tensor. Longer ones are refused, since values take more memory
  /// than their bytes.
  static let sizeLimit = 16 << 20

  private var reader: PickleReader
  var stack: [PickleValue] = []
  /// The heights of the stack at each MARK.
  private var marks: [Int] = []
  /// The storages referred to so far, by key.
  var storages: [String: PickleStorage] = [:]
  private var memo: [Int: PickleValue] = [:]
  /// The offset in the file of the first of the reader's bytes.
  private let base: Int
  // Everything that can refer to itself or nest without limit; emptied one by one at the end, so that deallocation
  // never recurses.
  private var lists: [PickleList] = []
  private var dictionaries: [PickleDictionary] = []

  /// Runs the instructions in `bytes` from `position` on, and calls `body` with the resulting value and the storages
  /// that it refers to. Advances `position` past the last instruction.
  ///
  /// - Parameter base: the offset in the file of the first of `bytes`.
  /// - Throws: the `PickleFault` and the offset of the instruction that caused it.
  static func run<R>(
    _ bytes: UnsafeRawBufferPointer, at base: Int, from position: inout Int,
    _ body: (PickleValue, [String: PickleStorage]) throws(PickleFault) -> R
  ) throws(PickleFailure) -> R {
    var machine = PickleMachine(reader: PickleReader(bytes: bytes, position: position), base: base)
    defer { machine.empty() }
    var start = position
    do {
      while true {
        start = machine.reader.position
        if let result = try machine.step() {
          position = machine.reader.position
          return try body(result, machine.storages)
        }
      }
    } catch { throw PickleFailure(offset: start, fault: error) }
  }

  private init(reader: PickleReader, base: Int) { (self.reader, self.base) = (reader, base) }

  private mutating func empty() {
    stack = []
    memo = [:]
    for list in lists { list.items = [] }
    for dictionary in dictionaries { dictionary.removeAll() }
  }

  /// Runs one instruction; STOP returns the value.
  private mutating func step() throws(PickleFault) -> PickleValue? {
    let code = try reader.byte()
    switch code {
    case 0x80: try reader.skip(1)  // PROTO
    case 0x95: try reader.skip(8)  // FRAME
    case UInt8(ascii: "."):
      guard stack.count == 1, marks.isEmpty else { throw .unexpected("it ends with \(stack.count) values") }
      return stack[0]
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "J"): stack.append(.integer(Int(try reader.integer(Int32.self))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try reader.integer(UInt8.self))))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try reader.integer(UInt16.self))))
    case 0x8A: try pushLong(try reader.length(UInt8.self))
    case 0x8B: try pushLong(try reader.length(Int32.self))
    case UInt8(ascii: "G"): stack.append(.float(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped)))
    case UInt8(ascii: "X"): try pushText(try reader.length(UInt32.self))
    case 0x8C: try pushText(try reader.length(UInt8.self))
    case 0x8D: try pushText(try reader.length(UInt64.self))
    case UInt8(ascii: "B"): try pushBytes(try reader.length(UInt32.self))
    case UInt8(ascii: "C"): try pushBytes(try reader.length(UInt8.self))
    case 0x8E, 0x96: try pushBytes(try reader.length(UInt64.self))
    case UInt8(ascii: ")"): try pushTuple([])
    case UInt8(ascii: "t"): try pushTuple(try popToMark())
    case 0x85: try pushTuple(try pop(1))
    case 0x86: try pushTuple(try pop(2))
    case 0x87: try pushTuple(try pop(3))
    case UInt8(ascii: "]"): stack.append(.list(makeList()))
    case UInt8(ascii: "a"):
      let item = try pop(1)
      try append(item)
    case UInt8(ascii: "e"):
      let items = try popToMark()
      try append(items)
    case UInt8(ascii: "}"): stack.append(.dictionary(makeDictionary()))
    case UInt8(ascii: "s"):
      let item = try pop(2)
      try setItems(item)
    case UInt8(ascii: "u"):
      let items = try popToMark()
      try setItems(items)
    case 0x8F: stack.append(.opaque(kind: "a set"))
    case 0x90:  // ADDITEMS
      let items = try popToMark()
      guard case .opaque = try top() else {
        throw .unexpected("\(items.count) items are added to \(try top().kind)")
      }
    case 0x91:  // FROZENSET
      _ = try popToMark()
      stack.append(.opaque(kind: "a set"))
    case UInt8(ascii: "c"): try pushName(module: try reader.line(), name: try reader.line())
    case 0x93:
      let names = try pop(2)
      guard case .string(let module) = names[0], case .string(let name) = names[1] else {
        throw .unexpected("a name is not a string")
      }
      try pushName(module: module, name: name)
    case UInt8(ascii: "q"): memo[Int(try reader.integer(UInt8.self))] = try top()
    case UInt8(ascii: "r"): memo[Int(try reader.integer(UInt32.self))] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): try recall(Int(try reader.integer(UInt8.self)))
    case UInt8(ascii: "j"): try recall(Int(try reader.integer(UInt32.self)))
    case UInt8(ascii: "Q"):
      let id = try pop()
      try pushStorage(id)
    case UInt8(ascii: "R"), 0x81: try call()  // REDUCE and NEWOBJ
    case UInt8(ascii: "b"): try build()
    default: throw .unknownInstruction(code)
    }
    return nil
  }

  // MARK: Values

  private mutating func pushLong(_ count: Int) throws(PickleFault) {
    let value = try reader.longInteger(count)
    stack.append(value.map { .integer($0) } ?? .opaque(kind: "an integer of \(count) bytes"))
  }

  private mutating func pushText(_ count: Int) throws(PickleFault) { stack.append(.string(try reader.text(count))) }

  private mutating func pushBytes(_ count: Int) throws(PickleFault) {
    let place = try reader.byteString(count)
    stack.append(.bytes(base + place.lowerBound..<base + place.upperBound))
  }

  private mutating func pushTuple(_ items: [PickleValue]) throws(PickleFault) {
    let depth = 1 + (items.map(\.depth).max() ?? 0)
    if depth > Self.depthLimit { throw .tooDeep(limit: Self.depthLimit) }
    stack.append(.tuple(PickleValue.Tuple(items: items, depth: depth)))
  }

  private mutating func makeList() -> PickleList {
    let list = PickleList()
    lists.append(list)
    return list
  }

  mutating func makeDictionary() -> PickleDictionary {
    let dictionary = PickleDictionary()
    dictionaries.append(dictionary)
    return dictionary
  }

  private func append(_ items: [PickleValue]) throws(PickleFault) {
    switch try top() {
    case .list(let list): list.items += items
    case .opaque: break
    case let other: throw .unexpected("something is appended to \(other.kind)")
    }
  }

  private func setItems(_ items: [PickleValue]) throws(PickleFault) {
    guard items.count % 2 == 0 else { throw .unexpected("a key is entered without a value") }
    switch try top() {
    case .dictionary(let dictionary):
      for i in stride(from: 0, to: items.count, by: 2) { dictionary.enter(items[i], items[i + 1]) }
    case .opaque: break
    case let other: throw .unexpected("something is entered into \(other.kind)")
    }
  }

  // MARK: Stack and memo

  func top() throws(PickleFault) -> PickleValue {
    guard let value = stack.last, stack.count > marks.last ?? 0 else { throw .unexpected("a value is missing") }
    return value
  }

  mutating func pop() throws(PickleFault) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  mutating func pop(_ count: Int) throws(PickleFault) -> [PickleValue] {
    guard stack.count - count >= marks.last ?? 0 else { throw .unexpected("a value is missing") }
    let values = Array(stack.suffix(count))
    stack.removeLast(count)
    return values
  }

  private mutating func popToMark() throws(PickleFault) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw .unexpected("a mark is missing") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  private mutating func recall(_ index: Int) throws(PickleFault) {
    guard let value = memo[index] else { throw .unexpected("value \(index) is recalled, but was never remembered") }
    stack.append(value)
  }
}

/// A fault and the offset of the instruction that caused it.
struct PickleFailure: Error {
  let offset: Int
  let fault: PickleFault
}
