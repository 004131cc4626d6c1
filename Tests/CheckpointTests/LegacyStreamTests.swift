import DiffusionCheckpoints
import TensorCore
import TestSupport
import Testing

/// Files of PyTorch before 1.6, built by hand; `ContainerTests` reads one that PyTorch has written.
struct LegacyStreamTests {
  private typealias Case = HostileFileTests.Case

  private static let object = Pickle.dictionary(Pickle.tensor(Pickle.storage(view: Pickle.none)))

  private static func counted(_ count: Int, data: [UInt8] = []) -> [UInt8] {
    legacyStream(
      Pickle.dictionary(Pickle.tensor(Pickle.storage(count: count, view: Pickle.none), shape: [1])),
      storages: [(count, data)])
  }

  /// Run by `HostileFileTests`.
  static let cases = [
    HostileFileTests.Case(
      "another version", legacyStream(object, version: Pickle.integer(1002)), "its protocol version is 1002, not 1001"),
    Case("no version", legacyStream(object, version: Pickle.none), "the protocol's version is None"),
    Case("no facts", legacyStream(object, facts: Pickle.none), "the facts about the system are None"),
    Case(
      "a big-endian stream", legacyStream(object, facts: Pickle.facts(littleEndian: false)), "big-endian machine"),
    Case("a stream of a number", legacyStream(Pickle.proto + Pickle.integer(3) + Pickle.stop), "it holds an integer"),
    Case("a stream of nothing", legacyStream(Pickle.proto + Array("}.".utf8), keys: []), "holds no tensors"),
    Case(
      "a stream that names os.system", legacyStream(Pickle.proto + Pickle.global("os", "system") + Pickle.stop),
      "names os.system, which a checkpoint has no need of; nothing in it was run"),
    Case("keys that are no strings", legacyStream(object, keys: [Pickle.integer(0)]), "key of a storage is an integer"),
    Case("no keys", legacyStream(object, keys: [], storages: []), "storage 0 is missing"),
    Case(
      "a key too many", legacyStream(object, keys: [Pickle.string("0"), Pickle.string("1")]),
      "storage 1 is listed, but nothing says what it holds"),
    Case(
      "a key twice",
      legacyStream(
        object, keys: [Pickle.string("0"), Pickle.string("0")],
        storages: [(4, [UInt8](repeating: 0, count: 16)), (4, [UInt8](repeating: 0, count: 16))]),
      "storage 0 is listed twice"),
    Case(
      "another count", legacyStream(object, storages: [(3, [UInt8](repeating: 0, count: 16))]),
      "storage 0 has 3 elements instead of 4"),
    Case("a storage cut short", legacyStream(object, storages: [(4, [1, 2, 3])]), "goes past the end of the file"),
    Case("a count of 2⁶²", counted(1 << 62), "goes past the end of the file"),
    Case("a count of 2⁴⁰", counted(1 << 40), "goes past the end of the file"),
    Case("a negative count", counted(-4, data: [UInt8](repeating: 0, count: 16)), "goes past the end of the file"),
    Case(
      "a view of another storage",
      legacyStream(
        Pickle.dictionary(
          Pickle.tensor(
            Pickle.storage(view: Pickle.tuple([Pickle.string("1"), Pickle.integer(0), Pickle.integer(4)]))))),
      "makes storage 0 a view of another"),
    Case(
      "a view past the end of a stream's storage",
      legacyStream(Pickle.dictionary(Pickle.tensor(Pickle.storage(view: Pickle.none), offset: 1))),
      "reaches outside its storage of 4 elements"),
  ]

  /// Shows that the cases fail for their stated reason.
  @Test func theHonestStreamIsRead() throws {
    let file = try TemporaryFile(legacyStream(Self.object))
    #expect(try StateDict.read(path: file.path).tensor("x", shape: [4]).values == [0, 1, 2, 3])
  }

  /// Two storages that the object refers to in reverse; the order of the keys counts.
  @Test func storagesLieInTheOrderOfTheKeys() throws {
    let one = Pickle.storage("HalfStorage", key: "one", count: 1, view: Pickle.none)
    let two = Pickle.storage("ByteStorage", key: "two", count: 3, view: Pickle.none)
    let object =
      Pickle.proto + Pickle.entries([("b", Pickle.tensor(two, shape: [3])), ("a", Pickle.tensor(one, shape: [1]))])
      + Pickle.stop
    let file = try TemporaryFile(
      legacyStream(
        object, keys: [Pickle.string("one"), Pickle.string("two")], storages: [(1, [0, 0x3C]), (3, [7, 8, 9])]))
    let state = try StateDict.read(path: file.path)
    #expect(state.names == ["b", "a"])
    #expect(try state.tensor("a", shape: [1]).values == [1])
    #expect(try state.tensor("b", shape: [3]).values == [7, 8, 9])
  }

  /// Protocol 4 puts a frame around the magic number.
  @Test func laterProtocolsAreRecognised() throws {
    let bytes = legacyStream(Self.object)
    let frame: [UInt8] = [0x80, 4, 0x95, 13, 0, 0, 0, 0, 0, 0, 0]
    let file = try TemporaryFile(frame + bytes.dropFirst(2))
    #expect(try StateDict.read(path: file.path).tensor("x", shape: [4]).values == [0, 1, 2, 3])
  }

  @Test func everyShorterStreamIsRefused() throws {
    let bytes = legacyStream(Self.object)
    for count in 1..<bytes.count {
      let file = try TemporaryFile(Array(bytes[..<count]))
      let isPickle = count >= 14 && count < bytes.count - 24
      do {
        _ = try StateDict.read(path: file.path)
        Issue.record("\(count) of \(bytes.count) bytes were read")
      } catch {
        if isPickle { #expect(error.description.contains("ends too early"), "\(count) bytes: \(error)") }
        if count >= bytes.count - 24 { #expect(error.description.contains("past the end"), "\(count) bytes: \(error)") }
      }
    }
  }
}
