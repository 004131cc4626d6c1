import Foundation
import TensorCore

/// A file of the given bytes that is removed when the value goes away.
public final class TemporaryFile {
  /// Where it is.
  public let path: String

  /// Writes the file.
  public init(_ bytes: [UInt8]) throws {
    path = NSTemporaryDirectory() + "checkpoint-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The bytes of `value`, the least significant one first.
public func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// A safetensors file with the given header; `length` is what it says the header's is.
public func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  littleEndian(length ?? UInt64(header.utf8.count)) + Array(header.utf8) + data
}
