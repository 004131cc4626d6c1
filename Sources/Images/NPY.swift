import TensorCore

// NumPy's .npy format (numpy.lib.format): a magic string, a version, a header in the form of a Python dictionary, and the
// elements.

/// What an array holds.
public enum NPYElements: Sendable {
  /// `<f4`.
  case float32([Float])
  /// `|u1`.
  case uint8([UInt8])
  /// `<i8`.
  case int64([Int64])

  var type: String {
    switch self {
    case .float32: "<f4"
    case .uint8: "|u1"
    case .int64: "<i8"
    }
  }

  var count: Int {
    switch self {
    case .float32(let values): values.count
    case .uint8(let values): values.count
    case .int64(let values): values.count
    }
  }

  var bytes: [UInt8] {
    switch self {
    case .float32(let values): values.flatMap { littleEndianBytes($0.bitPattern) }
    case .uint8(let values): values
    case .int64(let values): values.flatMap { littleEndianBytes($0) }
    }
  }
}

/// The bytes of a `.npy` file with an array of `shape`, row by row.
public func npy(_ shape: [Int], _ elements: NPYElements) -> [UInt8] {
  precondition(shape.reduce(1, *) == elements.count, "\(elements.count) elements are no array of shape \(shape)")
  let tuple = shape.count == 1 ? "(\(shape[0]),)" : "(\(shape.map(String.init).joined(separator: ", ")))"
  let dictionary = "{'descr': '\(elements.type)', 'fortran_order': False, 'shape': \(tuple), }"
  // Filled up with spaces so that the elements begin at a multiple of 64.
  let padding = 63 - (10 + dictionary.utf8.count) % 64
  let header = Array(dictionary.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
  return npyMagic + [1, 0] + littleEndianBytes(UInt16(header.count)) + header + elements.bytes
}

private let npyMagic: [UInt8] = [0x93] + Array("NUMPY".utf8)

/// Reads a `.npy` file of float32 or float64 numbers.
///
/// - Parameter path: what errors call it.
/// - Throws: `ImageError.npy`.
public func readNPY(_ bytes: [UInt8], path: String) throws(ImageError) -> Tensor {
  do { return try parseNPY(bytes) } catch { throw .npy(path: path, error) }
}

private func parseNPY(_ bytes: [UInt8]) throws(NPYFault) -> Tensor {
  guard bytes.count >= 10, Array(bytes[..<6]) == npyMagic else { throw .notNPY }
  let version = Int(bytes[6])
  guard (1...3).contains(version) else { throw .version(version) }
  let lengthSize = version == 1 ? 2 : 4
  guard bytes.count >= 8 + lengthSize else { throw .badHeader }
  let headerLength = bytes[8..<8 + lengthSize].reversed().reduce(0) { $0 << 8 | Int($1) }
  let begin = 8 + lengthSize
  guard headerLength <= bytes.count - begin else { throw .badHeader }
  let header = try NPYHeader(String(decoding: bytes[begin..<begin + headerLength], as: UTF8.self))
  if header.fortranOrder { throw .fortranOrder }
  let size: Int
  switch header.type {
  case "<f4": size = 4
  case "<f8": size = 8
  default: throw .elementType(header.type)
  }

  let found = bytes.count - begin - headerLength
  var needed = size
  for length in header.shape {
    let (product, overflow) = needed.multipliedReportingOverflow(by: length)
    guard !overflow else { throw .size(shape: header.shape, needed: nil, found: found) }
    needed = product
  }
  guard needed == found else { throw .size(shape: header.shape, needed: needed, found: found) }
  let values = stride(from: begin + headerLength, to: bytes.count, by: size).map { offset in
    let bits = bytes[offset..<offset + size].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return size == 4 ? Float(bitPattern: UInt32(bits)) : Float(Double(bitPattern: bits))
  }
  return Tensor(header.shape, values)
}

/// The dictionary of a header, which has exactly three keys: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
private struct NPYHeader {
  private(set) var type = ""
  private(set) var fortranOrder = false
  private(set) var shape: [Int] = []
  private var rest: Substring

  init(_ text: String) throws(NPYFault) {
    rest = Substring(text)
    var seen: Set<String> = []
    try expect("{")
    while !accept("}") {
      let key = try quoted()
      try expect(":")
      switch key {
      case "descr": type = try quoted()
      case "fortran_order":
        fortranOrder = accept("True")
        if !fortranOrder { try expect("False") }
      case "shape": shape = try tuple()
      default: throw .badHeader
      }
      guard seen.insert(key).inserted else { throw .badHeader }
      if !accept(",") {
        try expect("}")
        break
      }
    }
    guard seen.count == 3, rest.allSatisfy(\.isWhitespace) else { throw .badHeader }
  }

  private mutating func accept(_ word: String) -> Bool {
    rest = rest.drop { $0 == " " }
    guard rest.hasPrefix(word) else { return false }
    rest.removeFirst(word.count)
    return true
  }

  private mutating func expect(_ word: String) throws(NPYFault) {
    if !accept(word) { throw .badHeader }
  }

  private mutating func quoted() throws(NPYFault) -> String {
    let quote = accept("'") ? Character("'") : "\""
    if quote == "\"" { try expect("\"") }
    guard let end = rest.firstIndex(of: quote) else { throw .badHeader }
    let text = String(rest[..<end])
    rest = rest[rest.index(after: end)...]
    return text
  }

  private mutating func tuple() throws(NPYFault) -> [Int] {
    try expect("(")
    var numbers: [Int] = []
    while !accept(")") {
      rest = rest.drop { $0 == " " }
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let number = Int(digits), numbers.count < 32 else { throw .badHeader }
      numbers.append(number)
      rest.removeFirst(digits.count)
      if !accept(",") {
        try expect(")")
        break
      }
    }
    return numbers
  }
}

func littleEndianBytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}
