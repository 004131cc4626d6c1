import DiffusionCheckpoints
import Foundation
import TensorCore
import TestSupport
import Testing

/// Pickles of modules, as NVIDIA's code bases save them, built by hand; the tests of the family read real ones.
struct RawPickleTests {
  private typealias Case = HostileFileTests.Case

  /// The bytes of a storage of the numbers 0, 1, 2, 3: a stream of its own.
  private static let stream = legacyStream(Pickle.proto + Pickle.storage(view: Pickle.none) + Pickle.stop)

  private static func bytes(_ bytes: [UInt8]) -> [UInt8] { Array("B".utf8) + littleEndian(UInt32(bytes.count)) + bytes }

  private static func storage(_ stream: [UInt8] = stream) -> [UInt8] {
    Pickle.call("torch.storage", "_load_from_bytes", [bytes(stream)])
  }

  private static func module(_ name: String, _ state: [(String, [UInt8])]) -> [UInt8] {
    Pickle.call(
      "torch_utils.persistence", "_reconstruct_persistent_obj",
      [
        Pickle.entries([
          ("type", Pickle.string("class")), ("version", Pickle.integer(6)),
          ("module_src", Pickle.string("import os; os.system('true')")), ("class_name", Pickle.string(name)),
          ("state", Pickle.entries(state)),
        ])
      ])
  }

  /// A module with a parameter, a buffer, a module and attributes.
  private static func network(_ tensor: [UInt8]) -> [UInt8] {
    let list =
      Pickle.global("torch.nn.modules.container", "ModuleDict") + [UInt8(ascii: ")"), 0x81]
      + Pickle.entries([
        ("_modules", Pickle.entries([("a.b", module("Layer", [("_buffers", Pickle.entries([("f", tensor)]))]))]))
      ])
      + Array("b".utf8)
    return module(
      "Network",
      [
        ("_parameters", Pickle.entries([("w", tensor), ("none", Pickle.none)])), ("_buffers", Pickle.entries([])),
        ("_modules", Pickle.entries([("list", list), ("nothing", Pickle.none)])), ("size", Pickle.integer(32)),
        ("is_odd", [0x89]), ("mult", Pickle.list([Pickle.integer(1), Pickle.integer(2)])),
        ("other", Pickle.call("somewhere", "Thing")),
      ])
  }

  private static func file(_ value: [UInt8]) -> [UInt8] {
    Pickle.proto + Pickle.entries([("ema", value), ("loss_fn", Pickle.call("numpy", "dtype", [Pickle.string("f8")]))])
      + Pickle.stop
  }

  @Test func modulesAreReadAsTheirStateDicts() throws {
    let file = try TemporaryFile(
      Self.file(Self.network(Pickle.tensor(Self.storage(), shape: [2, 2], strides: [1, 2]))))
    let state = try StateDict.read(path: file.path)
    #expect(Set(state.names) == ["w", "list.a.b.f"])
    #expect(state.origin.container == .pickle && state.origin.keyPath == ["ema"] && state.origin.isRunningAverage)
    #expect(try state.tensor("w", shape: [2, 2]).values == [0, 2, 1, 3])
    let expected: [String: PlainValue] = [
      "class_name": .string("Network"), "size": .integer(32), "is_odd": .bool(false),
      "mult": .list([.integer(1), .integer(2)]), "list.class_name": .string("ModuleDict"),
      "list.a.b.class_name": .string("Layer"),
    ]
    #expect(state.origin.attributes == expected)
  }

  /// A whole module, and dictionaries of tensors.
  @Test func otherRoots() throws {
    let tensor = Pickle.tensor(Self.storage())
    let whole = try TemporaryFile(Pickle.proto + Self.network(tensor) + Pickle.stop)
    #expect(Set(try StateDict.read(path: whole.path).names) == ["w", "list.a.b.f"])
    let plain = try TemporaryFile(Pickle.dictionary(tensor))
    #expect(try StateDict.read(path: plain.path).tensor("x", shape: [4]).values == [0, 1, 2, 3])
  }

  /// In a torch archive the same objects have their storages beside the pickle.
  @Test func modulesInAnArchive() throws {
    let file = try TemporaryFile(
      torchFile(Pickle.proto + Pickle.entries([("net", Self.network(Pickle.tensor()))]) + Pickle.stop))
    let state = try StateDict.read(path: file.path)
    #expect(Set(state.names) == ["w", "list.a.b.f"] && state.origin.keyPath == ["net"])
    #expect(state.origin.attributes["size"] == .integer(32))
  }

  /// Bytes are not counted among those that a pickle may have, and may lie anywhere.
  @Test func manyBytesMayBeTensors() throws {
    let count = 6 << 20
    let large = legacyStream(
      Pickle.proto + Pickle.storage(count: count, view: Pickle.none) + Pickle.stop,
      storages: [(count, [UInt8](repeating: 0, count: 4 * count))])
    let file = try TemporaryFile(Self.file(Self.network(Pickle.tensor(Self.storage(large), shape: [count]))))
    #expect(try StateDict.read(path: file.path).shape(of: "w") == [count])
  }

  /// Run by `HostileFileTests`.
  static let cases = [
    HostileFileTests.Case("a pickle of nothing", Pickle.proto + Pickle.none + Pickle.stop, "it holds None"),
    Case("a pickle cut short", Array(file(network(Pickle.tensor(storage()))).dropLast(9)), "ends too early"),
    Case("a pickle that names os.system", Pickle.dictionary(Pickle.call("os", "system")), "names os.system"),
    Case(
      "a pickle that reads a file", Pickle.dictionary(Pickle.call("builtins", "open")), "nothing in it was run"),
    Case(
      "an object without a class",
      Pickle.dictionary(Pickle.call("torch_utils.persistence", "_reconstruct_persistent_obj", [Pickle.entries([])])),
      "an object is made of something other than its class and state"),
    Case(
      "an object of a number",
      Pickle.dictionary(Pickle.call("torch_utils.persistence", "_reconstruct_persistent_obj", [Pickle.integer(1)])),
      "an object is made of something other than its class and state"),
    Case(
      "a storage of a text", Pickle.dictionary(Pickle.call("torch.storage", "_load_from_bytes", [Pickle.string("x")])),
      "a storage is made of a string"),
    Case(
      "a storage of other bytes", file(network(Pickle.tensor(storage([1, 2, 3])))),
      "the bytes of a storage in it do not begin as such a file does"),
    Case(
      "a storage that is a dictionary",
      file(network(Pickle.tensor(storage(legacyStream(Pickle.proto + Array("}.".utf8), keys: [], storages: []))))),
      "the bytes of a storage in it hold something else"),
    Case(
      "a storage within its own bytes only", file(network(Pickle.tensor(storage(Array(stream.dropLast(4)))))),
      "goes past the end"),
    Case(
      "a view past the end of a storage in the pickle", file(network(Pickle.tensor(storage(), offset: 1))),
      "reaches outside its storage of 4 elements"),
    Case(
      "a key of another file", file(network(Pickle.tensor())), "storage 0 is missing"),
    Case(
      "a pickle of 17 MB", Pickle.proto + [UInt8](repeating: UInt8(ascii: "N"), count: 17 << 20) + Pickle.stop,
      "has more than 16777216 bytes besides those of tensors"),
  ]

  /// Modules that contain themselves or one another, many times and deep: none is looked into twice.
  @Test(.timeLimit(.minutes(1))) func modulesThatContainOneAnother() throws {
    // Thirty levels of two references to the level below.
    var object = Self.network(Pickle.tensor(Self.storage()))
    for level in 0..<30 {
      let name = [UInt8(ascii: "q"), UInt8(level)]
      let again = [UInt8(ascii: "h"), UInt8(level)]
      object = Self.module("Pair", [("_modules", Pickle.entries([("a", object + name), ("b", again)]))])
    }
    let deep = try TemporaryFile(Self.file(object))
    #expect(throws: CheckpointError.self) { try StateDict.read(path: deep.path) }
    // A dictionary of modules that is its own module.
    let memo = [UInt8(ascii: "q"), 0]
    let itself =
      Pickle.global("torch.nn.modules.container", "ModuleDict") + [UInt8(ascii: ")"), 0x81] + memo
      + Pickle.entries([
        ("_modules", Pickle.entries([("again", [UInt8(ascii: "h"), 0])])),
        ("_parameters", Pickle.entries([("w", Pickle.tensor(Self.storage()))])),
      ]) + Array("b".utf8)
    let cyclic = try TemporaryFile(Self.file(itself))
    #expect(try StateDict.read(path: cyclic.path).names == ["w"])
    // A parameter under a name of a megabyte is left out.
    let long = Self.module(
      "Long",
      [
        (
          "_parameters",
          Pickle.entries([
            (String(repeating: "n", count: 1 << 20), Pickle.tensor(Self.storage())),
            ("w", Pickle.tensor(Self.storage())),
          ])
        )
      ])
    let named = try TemporaryFile(Self.file(long))
    #expect(try StateDict.read(path: named.path).names == ["w"])
  }

  @Test func everyShorterPickleIsRefused() throws {
    let bytes = Self.file(Self.network(Pickle.tensor(Self.storage())))
    for count in stride(from: 1, to: bytes.count, by: 3) {
      let file = try TemporaryFile(Array(bytes[..<count]))
      #expect(throws: CheckpointError.self, "\(count) of \(bytes.count) bytes were read") {
        try StateDict.read(path: file.path)
      }
    }
  }
}
