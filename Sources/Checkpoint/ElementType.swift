/// The element types of checkpoints; all are read as float32.
enum ElementType: String, CaseIterable, Sendable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint64 = "U64"
  case uint32 = "U32"
  case uint16 = "U16"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes per element.
  var size: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
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

  /// Converts `count` elements, `stride` elements apart, from `source` on; the memory at both ends must be large
  /// enough.
  func convert(_ source: UnsafeRawPointer, stride: Int, count: Int, to target: UnsafeMutablePointer<Float>) {
    switch self {
    case .float32 where stride == 1:
      UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * MemoryLayout<Float>.size)
    case .float32: each(source, stride, count, target) { (x: Float) in x }
    case .float64: each(source, stride, count, target) { (x: Double) in Float(x) }
    case .float16: each(source, stride, count, target) { (x: UInt16) in floatFromHalf(x) }
    case .bfloat16: each(source, stride, count, target) { (x: UInt16) in Float(bitPattern: UInt32(x) << 16) }
    case .int64: each(source, stride, count, target) { (x: Int64) in Float(x) }
    case .int32: each(source, stride, count, target) { (x: Int32) in Float(x) }
    case .int16: each(source, stride, count, target) { (x: Int16) in Float(x) }
    case .int8: each(source, stride, count, target) { (x: Int8) in Float(x) }
    case .uint64: each(source, stride, count, target) { (x: UInt64) in Float(x) }
    case .uint32: each(source, stride, count, target) { (x: UInt32) in Float(x) }
    case .uint16: each(source, stride, count, target) { (x: UInt16) in Float(x) }
    case .uint8: each(source, stride, count, target) { (x: UInt8) in Float(x) }
    case .bool: each(source, stride, count, target) { (x: UInt8) in x == 0 ? 0 : 1 }
    }
  }
}

/// One loop per element type, which the compiler can vectorise if the elements are contiguous.
@inline(__always)
private func each<T: BitwiseCopyable>(
  _ source: UnsafeRawPointer, _ stride: Int, _ count: Int, _ target: UnsafeMutablePointer<Float>, _ value: (T) -> Float
) {
  let size = MemoryLayout<T>.size
  if stride == 1 {
    for i in 0..<count { target[i] = value(source.loadUnaligned(fromByteOffset: i * size, as: T.self)) }
  } else {
    for i in 0..<count { target[i] = value(source.loadUnaligned(fromByteOffset: i * stride * size, as: T.self)) }
  }
}
