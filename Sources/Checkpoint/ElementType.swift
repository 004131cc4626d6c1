import TensorCore

/// The types of elements that checkpoints store; all are read as float32.
enum ElementType: String, CaseIterable, Sendable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes per element.
  var size: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// The type of a PyTorch storage class such as `FloatStorage`.
  init?(storageClass name: String) {
    switch name {
    case "DoubleStorage": self = .float64
    case "FloatStorage": self = .float32
    case "HalfStorage": self = .float16
    case "BFloat16Storage": self = .bfloat16
    case "LongStorage": self = .int64
    case "IntStorage": self = .int32
    case "ShortStorage": self = .int16
    case "CharStorage": self = .int8
    case "ByteStorage": self = .uint8
    case "BoolStorage": self = .bool
    default: return nil
    }
  }

  /// The element that begins at byte `offset` of `bytes`, which must hold it.
  func float(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Float {
    switch self {
    case .float64: Float(bytes.loadUnaligned(fromByteOffset: offset, as: Double.self))
    case .float32: bytes.loadUnaligned(fromByteOffset: offset, as: Float.self)
    case .float16: floatFromHalf(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    case .bfloat16: Float(bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) << 16)
    case .int64: Float(bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    case .int32: Float(bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    case .int16: Float(bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self))
    case .int8: Float(bytes.loadUnaligned(fromByteOffset: offset, as: Int8.self))
    case .uint8: Float(bytes[offset])
    case .bool: bytes[offset] == 0 ? 0 : 1
    }
  }
}

/// IEEE 754 binary16 to binary32, by bits: Swift's `Float16` is not available on every platform that we run on.
func floatFromHalf(_ half: UInt16) -> Float {
  let sign = UInt32(half >> 15) << 31
  let exponent = UInt32(half >> 10 & 0x1F)
  let fraction = UInt32(half & 0x3FF)
  switch exponent {
  case 0:
    // Zero and subnormals: fraction · 2⁻²⁴.
    let magnitude = Float(fraction) * 0x1p-24
    return Float(bitPattern: sign | magnitude.bitPattern)
  case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}
