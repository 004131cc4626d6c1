import Foundation

/// A file of the given bytes that is removed when the value goes away.
final class TemporaryFile {
  let path: String

  init(_ bytes: [UInt8]) throws {
    path = NSTemporaryDirectory() + "checkpoint-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// A safetensors file with the given header; `length` is what it says the header's is.
func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  littleEndian(length ?? UInt64(header.utf8.count)) + Array(header.utf8) + data
}

/// A zip of stored entries; the fields that can lie are arguments.
func zip(
  _ entries: [(name: String, data: [UInt8])], method: UInt16 = 0, flags: UInt16 = 0, sizeOffBy: Int = 0,
  localOffsetOffBy: Int = 0, directoryOffBy: Int = 0
) -> [UInt8] {
  var file: [UInt8] = []
  var directory: [UInt8] = []
  for (name, data) in entries {
    let fields =
      littleEndian(flags) + littleEndian(method) + [0, 0, 0, 0] + [0, 0, 0, 0]
      + littleEndian(UInt32(truncatingIfNeeded: data.count + sizeOffBy))
      + littleEndian(UInt32(truncatingIfNeeded: data.count + sizeOffBy)) + littleEndian(UInt16(name.utf8.count))
    let offset = UInt32(truncatingIfNeeded: file.count + localOffsetOffBy)
    directory += littleEndian(0x0201_4B50 as UInt32) + [20, 0, 20, 0] + fields
    directory += [0, 0] + [UInt8](repeating: 0, count: 10) + littleEndian(offset) + Array(name.utf8)
    file += littleEndian(0x0403_4B50 as UInt32) + [20, 0] + fields + [0, 0] + Array(name.utf8) + data
  }
  let end =
    littleEndian(0x0605_4B50 as UInt32) + [0, 0, 0, 0] + littleEndian(UInt16(entries.count))
    + littleEndian(UInt16(entries.count)) + littleEndian(UInt32(directory.count))
    + littleEndian(UInt32(truncatingIfNeeded: file.count + directoryOffBy)) + [0, 0]
  return file + directory + end
}

/// A `.pt` with the given pickle and one storage of four float32 numbers under the key 0.
func torchFile(_ pickle: [UInt8], others: [(name: String, data: [UInt8])] = []) -> [UInt8] {
  zip([("m/data.pkl", pickle), ("m/data/0", [UInt8](repeating: 0, count: 16))] + others)
}

/// Instructions of a pickle.
enum Pickle {
  static let proto: [UInt8] = [0x80, 2]
  static let stop: [UInt8] = Array(".".utf8)

  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

  static func string(_ text: String) -> [UInt8] {
    Array("X".utf8) + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(Int64(value)) }

  static func tuple(_ items: [[UInt8]]) -> [UInt8] { Array("(".utf8) + items.flatMap { $0 } + Array("t".utf8) }

  /// A reference to the storage `key` of `count` elements.
  static func storage(_ type: String = "FloatStorage", key: String = "0", count: Int = 4) -> [UInt8] {
    tuple([string("storage"), global("torch", type), string(key), string("cuda:0"), integer(count)]) + Array("Q".utf8)
  }

  static func tensor(
    _ storage: [UInt8] = storage(), offset: Int = 0, shape: [Int] = [4], strides: [Int] = [1]
  ) -> [UInt8] {
    global("torch._utils", "_rebuild_tensor_v2")
      + tuple([
        storage, integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer)), [0x89],
        global("collections", "OrderedDict") + Array(")R".utf8),
      ]) + Array("R".utf8)
  }

  /// A whole pickle: a dictionary of one value under the name x.
  static func dictionary(_ value: [UInt8]) -> [UInt8] {
    proto + Array("}".utf8) + string("x") + value + Array("s".utf8) + stop
  }
}
