/// A pickle machine that knows just the instructions that dictionaries of tensors use (protocols 2 to 5, Python's
/// `pickletools`), builds values of `PickleValue` and runs nothing: a name it does not know is an error at once.
struct PickleMachine {
  private static let depthLimit = 64

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var stack: [PickleValue] = []
  /// The heights of the stack at which MARK was called.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  // All that can refer to itself or nest without end; emptied one by one at the end, so that freeing never recurses.
  private var lists: [PickleList] = []
  private var dictionaries: [PickleDictionary] = []

  /// Runs the instructions in `bytes` and hands the value they leave to `body`.
  ///
  /// - Throws: `PickleFault` and the byte at which the instruction in question begins.
  static func run<R>(
    _ bytes: UnsafeRawBufferPointer, _ body: (PickleValue) throws(PickleFault) -> R
  ) throws(PickleFailure) -> R {
    var machine = PickleMachine(bytes: bytes)
    defer { machine.empty() }
    var start = 0
    do {
      while true {
        start = machine.position
        if let result = try machine.step() { return try body(result) }
      }
    } catch { throw PickleFailure(offset: start, fault: error) }
  }

  private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private mutating func empty() {
    stack = []
    memo = [:]
    for list in lists { list.items = [] }
    for dictionary in dictionaries { dictionary.items = [] }
  }

  /// One instruction; STOP returns the value.
  private mutating func step() throws(PickleFault) -> PickleValue? {
    let code = try byte()
    switch code {
    case 0x80: try skip(1)  // PROTO
    case 0x95: try skip(8)  // FRAME
    case UInt8(ascii: "."):
      guard stack.count == 1, marks.isEmpty else { throw .unexpected("it ends with \(stack.count) values") }
      return stack[0]
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "J"): stack.append(.integer(Int(try integer(Int32.self))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try integer(UInt8.self))))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try integer(UInt16.self))))
    case 0x8A: stack.append(.integer(try longInteger()))
    case UInt8(ascii: "G"): stack.append(.float(Double(bitPattern: try integer(UInt64.self).byteSwapped)))
    case UInt8(ascii: "X"): stack.append(.string(try text(Int(try integer(UInt32.self)))))
    case 0x8C: stack.append(.string(try text(Int(try integer(UInt8.self)))))
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
    case UInt8(ascii: "c"): try pushName(module: try line(), name: try line())
    case 0x93:
      let names = try pop(2)
      guard case .string(let module) = names[0], case .string(let name) = names[1] else {
        throw .unexpected("a name is not a string")
      }
      try pushName(module: module, name: name)
    case UInt8(ascii: "q"): memo[Int(try integer(UInt8.self))] = try top()
    case UInt8(ascii: "r"): memo[Int(try integer(UInt32.self))] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): try recall(Int(try integer(UInt8.self)))
    case UInt8(ascii: "j"): try recall(Int(try integer(UInt32.self)))
    case UInt8(ascii: "Q"):
      let id = try pop()
      stack.append(.storage(try storage(id)))
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"): try build()
    default: throw .unknownInstruction(code)
    }
    return nil
  }

  // MARK: Calls that are understood

  /// REDUCE: "calls" a name with a tuple of arguments.
  private mutating func reduce() throws(PickleFault) {
    let call = try pop(2)
    guard case .name(let name) = call[0], case .tuple(let tuple) = call[1] else {
      throw .unexpected("\(call[0].kind) is called with \(call[1].kind)")
    }
    let arguments = tuple.items
    switch name {
    case .orderedDict where arguments.isEmpty: stack.append(.dictionary(makeDictionary()))
    case .rebuildParameter where !arguments.isEmpty:
      guard case .tensor = arguments[0] else { throw .unexpected("a parameter is made of \(arguments[0].kind)") }
      stack.append(arguments[0])
    case .rebuildTensor where arguments.count >= 4:
      guard case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
        let shape = integers(arguments[2]), let strides = integers(arguments[3])
      else { throw .unexpected("a tensor is made of something else than a storage, an offset, a shape and strides") }
      stack.append(.tensor(PickleTensor(storage: storage, offset: offset, shape: shape, strides: strides)))
    default: throw .unexpected("\(name.rawValue) is called with \(arguments.count) arguments")
    }
  }

  /// BUILD: gives an object its state. A state dict carries `_metadata` that way, which says nothing about tensors.
  private mutating func build() throws(PickleFault) {
    let state = try pop()
    guard case .dictionary = try top(), case .dictionary = state else {
      throw .unexpected("the state of \(try top().kind) is set to \(state.kind)")
    }
  }

  /// BINPERSID: `("storage", storage class, key, device, element count)`.
  private func storage(_ id: PickleValue) throws(PickleFault) -> PickleStorage {
    guard case .tuple(let tuple) = id, tuple.items.count == 5, case .string("storage") = tuple.items[0],
      case .name(.storageClass(let type)) = tuple.items[1], case .string(let key) = tuple.items[2],
      case .integer(let count) = tuple.items[4]
    else { throw .unexpected("a storage is referred to by something else than its class, key, device and size") }
    return PickleStorage(elementType: type, key: key, count: count)
  }

  private mutating func pushName(module: String, name: String) throws(PickleFault) {
    guard let known = PickleName(module, name) else { throw .forbiddenName("\(module).\(name)") }
    stack.append(.name(known))
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple(let tuple) = value else { return nil }
    var integers: [Int] = []
    for item in tuple.items {
      guard case .integer(let integer) = item else { return nil }
      integers.append(integer)
    }
    return integers
  }

  // MARK: Containers

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

  private mutating func makeDictionary() -> PickleDictionary {
    let dictionary = PickleDictionary()
    dictionaries.append(dictionary)
    return dictionary
  }

  private func append(_ items: [PickleValue]) throws(PickleFault) {
    guard case .list(let list) = try top() else { throw .unexpected("something is appended to \(try top().kind)") }
    list.items += items
  }

  private func setItems(_ items: [PickleValue]) throws(PickleFault) {
    guard case .dictionary(let dictionary) = try top() else {
      throw .unexpected("something is entered into \(try top().kind)")
    }
    guard items.count % 2 == 0 else { throw .unexpected("a key is entered without a value") }
    for i in stride(from: 0, to: items.count, by: 2) { dictionary.items.append((items[i], items[i + 1])) }
  }

  // MARK: Stack and memo

  private func top() throws(PickleFault) -> PickleValue {
    guard let value = stack.last, stack.count > marks.last ?? 0 else { throw .unexpected("a value is missing") }
    return value
  }

  private mutating func pop() throws(PickleFault) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(_ count: Int) throws(PickleFault) -> [PickleValue] {
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

  // MARK: Bytes

  private mutating func take(_ count: Int) throws(PickleFault) -> UnsafeRawBufferPointer {
    guard count <= bytes.count - position else { throw .truncated }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  private mutating func skip(_ count: Int) throws(PickleFault) { _ = try take(count) }

  private mutating func byte() throws(PickleFault) -> UInt8 { try take(1)[0] }

  private mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws(PickleFault) -> T {
    T(littleEndian: try take(MemoryLayout<T>.size).loadUnaligned(as: type))
  }

  /// LONG1: a length and that many bytes, little-endian, two's complement.
  private mutating func longInteger() throws(PickleFault) -> Int {
    let digits = try take(Int(try byte()))
    guard digits.count <= 8 else { throw .unexpected("an integer of \(digits.count) bytes") }
    var value = digits.last.map { $0 & 0x80 != 0 ? -1 : 0 } ?? 0
    for digit in digits.reversed() { value = value << 8 | Int(digit) }
    return value
  }

  private mutating func text(_ count: Int) throws(PickleFault) -> String {
    String(decoding: try take(count), as: UTF8.self)
  }

  private mutating func line() throws(PickleFault) -> String {
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { throw .truncated }
    let line = try text(end - position)
    try skip(1)
    return line
  }
}

/// A fault and where the instruction in question begins.
struct PickleFailure: Error {
  let offset: Int
  let fault: PickleFault
}
