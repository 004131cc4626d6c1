import DiffusionBytes

/// Writes a pickle of protocol 2 (Python's `pickletools`), instruction by instruction as Python's own pickler does: what it may
/// meet again is remembered, and recalled when it does.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [0x80, 2]
  /// How many values have been remembered; each has its number.
  private var remembered = 0
  /// The numbers of names and words that may be met again.
  private var known: [String: Int] = [:]

  /// As many entries are added to a dictionary at a time, so that no reader's stack grows too large.
  private static let batch = 1000

  /// Ends the pickle; its value is the one that was written.
  mutating func stop() { code(".") }

  /// A class or function to import.
  mutating func name(_ module: String, _ name: String) {
    let text = "\(module)\n\(name)\n"
    again(text) { $0.bytes += Array("c\(text)".utf8) }
  }

  /// A word that is written over and over.
  mutating func word(_ word: String) { again(word) { $0.newText(word) } }

  /// A text that is written once.
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
      // As few bytes as hold the sign too.
      let magnitude = value < 0 ? ~value : value
      let count = (Int.bitWidth - magnitude.leadingZeroBitCount) / 8 + 1
      bytes += [0x8A, UInt8(count)] + littleEndianBytes(value).prefix(count)
    }
  }

  mutating func integers(_ values: [Int]) {
    tuple(values.count) { pickle in for value in values { pickle.integer(value) } }
  }

  /// A tuple of the `count` values that `items` writes.
  mutating func tuple(_ count: Int, _ items: (inout PickleWriter) -> Void) {
    if count == 0 { return code(")") }
    if count > 3 { code("(") }
    items(&self)
    if count > 3 { code("t") } else { bytes.append(0x84 + UInt8(count)) }
    remember()
  }

  /// The result of calling what was written last but one with the tuple that was written last.
  mutating func call() {
    code("R")
    remember()
  }

  /// The object outside the pickle that the reader knows by the tuple that was written last.
  mutating func reference() { code("Q") }

  /// A `collections.OrderedDict`: of the keys, each with the value that `value` writes.
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

  /// Recalls what is known under `key`, or else writes and remembers it.
  private mutating func again(_ key: String, _ write: (inout PickleWriter) -> Void) {
    if let number = known[key] { return indexed("h", "j", number) }
    known[key] = remembered
    write(&self)
    remember()
  }

  /// Remembers the value that was written last, under the next number.
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
