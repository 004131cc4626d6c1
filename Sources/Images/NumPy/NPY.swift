import DiffusionBytes

// NumPy's .npy format (numpy.lib.format): a magic string, a version, a header written as a Python dictionary, and the
// elements.

/// An array in a `.npy` file.
public struct NPYArray: Sendable {
  /// The size of each dimension; `[]` is a scalar.
  public let shape: [Int]
  /// The elements in row-major order, as many as the product of `shape`.
  public let elements: NPYElements
}

/// The elements of an array, by type.
public enum NPYElements: Sendable {
  /// `<f4`.
  case float32([Float])
  /// `<f8`.
  case float64([Double])
  /// `|u1`.
  case uint8([UInt8])
  /// `<i4`.
  case int32([Int32])
  /// `<i8`.
  case int64([Int64])
  /// `<U…`, or when read also `|S…` in UTF-8: strings without their trailing zeros.
  case text([String])

  /// The elements as integers, such as labels; nil if they are of another type.
  public var integers: [Int]? {
    switch self {
    case .uint8(let values): values.map(Int.init)
    case .int32(let values): values.map(Int.init)
    case .int64(let values): values.map(Int.init)
    case .float32, .float64, .text: nil
    }
  }

  /// NumPy's name of the type: `<f4`, `|u1`, …
  public var type: String {
    switch self {
    case .float32: "<f4"
    case .float64: "<f8"
    case .uint8: "|u1"
    case .int32: "<i4"
    case .int64: "<i8"
    case .text(let words): "<U\(Self.width(words))"
    }
  }

  var count: Int {
    switch self {
    case .float32(let values): values.count
    case .float64(let values): values.count
    case .uint8(let values): values.count
    case .int32(let values): values.count
    case .int64(let values): values.count
    case .text(let words): words.count
    }
  }

  var bytes: [UInt8] {
    switch self {
    case .float32(let values): values.flatMap { littleEndianBytes($0.bitPattern) }
    case .float64(let values): values.flatMap { littleEndianBytes($0.bitPattern) }
    case .uint8(let values): values
    case .int32(let values): values.flatMap { littleEndianBytes($0) }
    case .int64(let values): values.flatMap { littleEndianBytes($0) }
    case .text(let words): Self.bytes(words, width: Self.width(words))
    }
  }

  private static func bytes(_ words: [String], width: Int) -> [UInt8] {
    words.flatMap { word in
      let characters = word.unicodeScalars.map(\.value)
      let zeros = [UInt32](repeating: 0, count: width - characters.count)
      return (characters + zeros).flatMap { littleEndianBytes($0) }
    }
  }

  /// The number of characters stored for each string.
  private static func width(_ words: [String]) -> Int { max(1, words.map(\.unicodeScalars.count).max() ?? 1) }
}

/// The bytes of a `.npy` file with an array of `shape`, in row-major order.
public func npy(_ shape: [Int], _ elements: NPYElements) -> [UInt8] {
  precondition(shape.reduce(1, *) == elements.count, "\(elements.count) elements are no array of shape \(shape)")
  return npyHeader(shape, type: elements.type) + elements.bytes
}

/// The part of a `.npy` file before the elements.
func npyHeader(_ shape: [Int], type: String) -> [UInt8] {
  let tuple = shape.count == 1 ? "(\(shape[0]),)" : "(\(shape.map(String.init).joined(separator: ", ")))"
  let dictionary = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(tuple), }"
  // Padded with spaces so that the elements start at a multiple of 64.
  let padding = 63 - (10 + dictionary.utf8.count) % 64
  let header = Array(dictionary.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
  return npyMagic + [1, 0] + littleEndianBytes(UInt16(header.count)) + header
}

/// The magic string of `.npy` files.
public let npyMagic: [UInt8] = [0x93] + Array("NUMPY".utf8)
