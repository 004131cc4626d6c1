import DiffusionBytes
import TensorCore

/// Reads a `.npy` file of float32 or float64 numbers.
///
/// - Parameters:
///   - bytes: the whole file.
///   - path: the file's name in errors.
/// - Throws: `ImageError.npy`.
public func readNPY(_ bytes: [UInt8], path: String) throws(ImageError) -> Tensor {
  let array: NPYArray
  do { array = try parseNPY(bytes[...]) } catch { throw .npy(path: path, error) }
  switch array.elements {
  case .float32(let values): return Tensor(array.shape, values)
  case .float64(let values): return Tensor(array.shape, values.map { Float($0) })
  default: throw .npy(path: path, .elementType(array.elements.type))
  }
}

/// What the header of a `.npy` says: what the elements are, and where they begin.
public struct NPYLayout: Sendable, Equatable {
  /// The size of each dimension.
  public let shape: [Int]
  /// NumPy's name of the elements' type: `|u1`, `<f4`.
  public let type: String
  /// The bytes in front of the elements.
  public let offset: Int

  /// Reads a header.
  ///
  /// - Parameter bytes: the beginning of the file, at least the whole header.
  /// - Throws: `NPYFault`.
  public init(_ bytes: ArraySlice<UInt8>) throws(NPYFault) {
    let (header, elements) = try readHeader(bytes)
    (shape, type, offset) = (header.shape, header.type, elements.startIndex - bytes.startIndex)
  }
}

/// Parses the complete bytes of a `.npy` file.
///
/// - Throws: `NPYFault`.
public func parseNPY(_ bytes: ArraySlice<UInt8>) throws(NPYFault) -> NPYArray {
  let (header, rest) = try readHeader(bytes)
  return NPYArray(shape: header.shape, elements: try elements(rest, header))
}

/// The header, and what follows it.
private func readHeader(_ bytes: ArraySlice<UInt8>) throws(NPYFault) -> (NPYHeader, elements: ArraySlice<UInt8>) {
  guard bytes.count >= 10, bytes.starts(with: npyMagic) else { throw .notNPY }
  var rest = bytes.dropFirst(npyMagic.count)
  let version = Int(rest[rest.startIndex])
  guard (1...3).contains(version) else { throw .version(version) }
  rest = rest.dropFirst(2)
  let lengthSize = version == 1 ? 2 : 4
  guard rest.count >= lengthSize else { throw .badHeader }
  let headerLength = rest.prefix(lengthSize).reversed().reduce(0) { $0 << 8 | Int($1) }
  rest = rest.dropFirst(lengthSize)
  guard headerLength <= rest.count else { throw .badHeader }
  let header = try NPYHeader(String(decoding: rest.prefix(headerLength), as: UTF8.self))
  if header.fortranOrder { throw .fortranOrder }
  return (header, rest.dropFirst(headerLength))
}

/// The elements after a header, checked against the size that it declares.
private func elements(_ bytes: ArraySlice<UInt8>, _ header: NPYHeader) throws(NPYFault) -> NPYElements {
  func checked(_ size: Int) throws(NPYFault) -> ArraySlice<UInt8> {
    var needed = size
    for length in header.shape {
      let (product, overflow) = needed.multipliedReportingOverflow(by: length)
      guard !overflow else { throw .size(shape: header.shape, needed: nil, found: bytes.count) }
      needed = product
    }
    guard needed == bytes.count else { throw .size(shape: header.shape, needed: needed, found: bytes.count) }
    return bytes
  }
  switch header.type {
  case "<f4": return .float32(littleEndianNumbers(try checked(4), as: UInt32.self).map(Float.init(bitPattern:)))
  case "<f8": return .float64(littleEndianNumbers(try checked(8), as: UInt64.self).map(Double.init(bitPattern:)))
  case "|u1": return .uint8(Array(try checked(1)))
  case "<i4": return .int32(littleEndianNumbers(try checked(4), as: Int32.self))
  case "<i8": return .int64(littleEndianNumbers(try checked(8), as: Int64.self))
  default: return .text(try words(header.type, checked))
  }
}

/// The strings of an array of type `<U…` (UTF-32) or `|S…` (bytes), each padded with zeros to the type's width.
private func words(
  _ type: String, _ checked: (Int) throws(NPYFault) -> ArraySlice<UInt8>
) throws(NPYFault) -> [String] {
  let isUTF32 = type.hasPrefix("<U")
  // Strings of width 0 could be of any number.
  guard isUTF32 || type.hasPrefix("|S"), let width = Int(type.dropFirst(2)), (1...1 << 16).contains(width) else {
    throw .unknownType(type)
  }
  let size = isUTF32 ? 4 * width : width
  let bytes = try checked(size)
  return stride(from: bytes.startIndex, to: bytes.endIndex, by: size).map { begin in
    let word = bytes[begin..<begin + size]
    guard isUTF32 else { return String(decoding: trimmed(word), as: UTF8.self) }
    var text = String.UnicodeScalarView()
    for value in trimmed(littleEndianNumbers(word, as: UInt32.self)[...]) {
      text.append(Unicode.Scalar(value) ?? "\u{FFFD}")
    }
    return String(text)
  }
}

/// `values` without trailing zeros.
private func trimmed<T: FixedWidthInteger>(_ values: ArraySlice<T>) -> ArraySlice<T> {
  values.prefix((values.lastIndex { $0 != 0 } ?? values.startIndex - 1) - values.startIndex + 1)
}

/// The dictionary in a header, with exactly three keys: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
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
