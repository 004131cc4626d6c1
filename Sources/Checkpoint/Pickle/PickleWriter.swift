import DiffusionBytes

/// Writes a pickle of protocol 2 (Python's `pickletools`), instruction by instruction as Python's own pickler does:
/// values that may recur are memoised.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [0x80, 2]
  /// The number of memoised values; each has a number.
  private var remembered = 0
  /// The memo numbers of names and words that may recur.
  private var known: [String: Int] = [:]

  /// Dictionary entries are added in batches of this size, to bound the reader's stack.
  private static let batch = 1000

  /// Ends the pickle, whose value is the one written.
  mutating func stop() { code(".") }

  /// A class or function to import.
  mutating func name(_ module: String, _ name: String) {
    let text = "\(module)\n\(name)\n"
    again(text) { $0.bytes += Array("c\(text)".utf8) }
  }

  /// A string that is written again and again.
  mutating func word(_ word: String) { again(word) { $0.newText(word) } }

  /// A string that is written once.
  mutating func text(_ text: String) {
    newText(text)
    remember()
  }

  mutating func no() { bytes.append(0x89) }

  mutating func integer(_ value: Int) {
    switch value {
    case 0...0xFF:
      code("K")
      bytes.append(UInt8(value))
    case 0...0xFFFF:
      code("M")
      bytes += littleEndianBytes(UInt16(value))
    case Int(Int32.min)...Int(Int32.max):
      code("J")
      bytes += littleEndianBytes(Int32(value))
    default:
      // The fewest bytes that also hold the sign.
      let magnitude = value < 0 ? ~value : value
      let count = (Int.bitWidth - magnitude.leadingZeroBitCount) / 8 + 1
      bytes += [0x8A, UInt8(count)] + littleEndianBytes(value).prefix(count)
    }
  }

  mutating func integers(_ values: [Int]) {
    tuple(values.count) { pickle in for value in values { pickle.integer(value) } }
  }

  /// A tuple of the `count` values written by `items`.
  mutating func tuple(_ count: Int, _ items: (inout PickleWriter) -> Void) {
    if count == 0 { return code(")") }
    if count > 3 { code("(") }
    items(&self)
    if count > 3 { code("t") } else { bytes.append(0x84 + UInt8(count)) }
    remember()
  }

  /// Calls the value before the last one with the last one, a tuple of arguments.
  mutating func call() {
    code("R")
    remember()
  }

  /// Refers to an external object, identified by the last value, a tuple.
  mutating func reference() { code("Q") }

  /// A `collections.OrderedDict` of `keys`, each with the value written by `value`.
  mutating func orderedDict(_ keys: [String], _ value: (inout PickleWriter, String) -> Void) {
    name("collections", "OrderedDict")
    tuple(0) { _ in }
    call()
    for begin in stride(from: 0, to: keys.count, by: Self.batch) {
      let batch = keys[begin..<min(begin + Self.batch, keys.count)]
      if batch.count > 1 { code("(") }
      for key in batch {
        text(key)
        value(&self, key)
      }
      code(batch.count > 1 ? "u" : "s")
    }
  }

  private mutating func code(_ letter: Unicode.Scalar) { bytes.append(UInt8(ascii: letter)) }

  private mutating func newText(_ text: String) {
    code("X")
    bytes += littleEndianBytes(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  /// Recalls the memoised value of `key`, or writes and memoises it.
  private mutating func again(_ key: String, _ write: (inout PickleWriter) -> Void) {
    if let number = known[key] { return indexed("h", "j", number) }
    known[key] = remembered
    write(&self)
    remember()
  }

  /// Memoises the last value under the next number.
  private mutating func remember() {
    indexed("q", "r", remembered)
    remembered += 1
  }

  private mutating func indexed(_ short: Unicode.Scalar, _ long: Unicode.Scalar, _ number: Int) {
    if number <= 0xFF {
      code(short)
      bytes.append(UInt8(number))
    } else {
      code(long)
      bytes += littleEndianBytes(UInt32(number))
    }
  }
}
