import TestSupport

/// A zip of stored entries; the arguments falsify fields.
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

/// A `.pt` with the given pickle and one storage of four float32 numbers, with the key 0.
func torchFile(_ pickle: [UInt8], others: [(name: String, data: [UInt8])] = []) -> [UInt8] {
  zip([("m/data.pkl", pickle), ("m/data/0", [UInt8](repeating: 0, count: 16))] + others)
}

/// A stream of PyTorch before 1.6: pickles of the magic number, a version, facts, `object` and the keys, then the
/// storages.
func legacyStream(
  _ object: [UInt8], version: [UInt8] = Pickle.integer(1001), facts: [UInt8] = Pickle.facts(littleEndian: true),
  keys: [[UInt8]] = [Pickle.string("0")],
  storages: [(count: Int, data: [UInt8])] = [(4, [0, 1, 2, 3].flatMap { littleEndian(Float($0).bitPattern) })]
) -> [UInt8] {
  [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19] + Pickle.stop
    + Pickle.proto + version + Pickle.stop + Pickle.proto + facts + Pickle.stop + object
    + Pickle.proto + Array("](".utf8) + keys.flatMap { $0 } + Array("e.".utf8)
    + storages.flatMap { littleEndian(Int64($0.count)) + $0.data }
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

  static let none: [UInt8] = Array("N".utf8)

  /// A dictionary that states a machine's byte order.
  static func facts(littleEndian: Bool) -> [UInt8] {
    Array("}".utf8) + string("little_endian") + [littleEndian ? 0x88 : 0x89] + Array("s".utf8)
  }

  /// A reference to the storage `key` of `count` elements; `view` comes last in streams of PyTorch before 1.6.
  static func storage(
    _ type: String = "FloatStorage", key: String = "0", count: Int = 4, view: [UInt8]? = nil
  ) -> [UInt8] {
    tuple(
      [string("storage"), global("torch", type), string(key), string("cuda:0"), integer(count)]
        + (view.map { [$0] } ?? [])) + Array("Q".utf8)
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

  /// A whole pickle: a dictionary of one value named x.
  static func dictionary(_ value: [UInt8]) -> [UInt8] { proto + entries([("x", value)]) + stop }

  /// A dictionary.
  static func entries(_ items: [(String, [UInt8])]) -> [UInt8] {
    Array("}(".utf8) + items.flatMap { string($0.0) + $0.1 } + Array("u".utf8)
  }

  /// A list.
  static func list(_ items: [[UInt8]]) -> [UInt8] { Array("](".utf8) + items.flatMap { $0 } + Array("e".utf8) }

  /// The result of a call.
  static func call(_ module: String, _ name: String, _ arguments: [[UInt8]] = []) -> [UInt8] {
    global(module, name) + tuple(arguments) + Array("R".utf8)
  }
}
