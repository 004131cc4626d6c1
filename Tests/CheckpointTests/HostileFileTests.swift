import DiffusionCheckpoints
import Foundation
import TensorCore
import TestSupport
import Testing

/// Malicious and damaged files: each is refused with a message of its own, and none crashes the reader.
struct HostileFileTests {
  struct Case: CustomStringConvertible {
    let what: String
    let bytes: [UInt8]
    /// A part of the error message that distinguishes the case.
    let message: String

    init(_ what: String, _ bytes: [UInt8], _ message: String) {
      (self.what, self.bytes, self.message) = (what, bytes, message)
    }

    var description: String { what }
  }

  private static func entry(_ type: String, _ shape: String, _ offsets: String) -> String {
    #"{"x":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }

  static let safetensorsCases = [
    Case("empty", [], "is empty"),
    Case("seven bytes", [1, 2, 3, 4, 5, 6, 7], "neither a safetensors file nor a .pt"),
    Case("text", Array("hello, I am a model, really".utf8), "is a text that begins with"),
    Case(
      "a header of 2 GiB", safetensors("{}", length: 2 << 30), "its header should have 2147483648 bytes, but 2 are left"
    ),
    Case("a header of 2⁶⁴ - 1", safetensors("{}", length: .max), "its header should have 18446744073709551615 bytes"),
    Case("no JSON", safetensors("{\"x\": nonsense}"), "its header is not the JSON it should be"),
    Case("an array for a tensor", safetensors("{\"x\":[1,2,3]}"), "its header is not the JSON it should be"),
    Case("no shape", safetensors(#"{"x":{"dtype":"F32"}}"#), "no shape at x"),
    Case("deep nesting", safetensors(#"{"x":"# + String(repeating: "[", count: 100_000)), "header is not the JSON"),
    Case("three offsets", safetensors(entry("F32", "[0]", "[0,0,0]")), "data_offsets should be two numbers"),
    Case("an unknown type", safetensors(entry("F13", "[1]", "[0,4]")), "the unknown element type F13"),
    Case("a negative size", safetensors(entry("F32", "[-1]", "[0,4]")), "cannot have the shape [-1]"),
    Case(
      "an overflowing shape", safetensors(entry("F32", "[4294967296,4294967296,2]", "[0,4]")),
      "cannot have the shape [4294967296, 4294967296, 2]"),
    Case("a number too large", safetensors(entry("F32", "[99999999999999999999]", "[0,4]")), "header is not the JSON"),
    Case("offsets past the end", safetensors(entry("F32", "[4]", "[0,16]"), data: [0, 0]), "at bytes 0..<16 of 2"),
    Case("offsets backwards", safetensors(entry("F32", "[0]", "[4,0]"), data: [0, 0, 0, 0]), "at bytes 4..<0 of 4"),
    Case("negative offsets", safetensors(entry("F32", "[1]", "[-4,0]"), data: [0, 0, 0, 0]), "at bytes -4..<0 of 4"),
    Case(
      "a size that does not fit", safetensors(entry("F32", "[2]", "[0,4]"), data: [0, 0, 0, 0]),
      "needs 8 bytes, but has 4"),
    Case(
      "overlapping tensors",
      safetensors(
        #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
        data: [0, 0, 0, 0, 0, 0]), "tensor b begins at byte 2, but the one before it ends at 4"),
    Case(
      "a hole", safetensors(entry("U8", "[1]", "[1,2]"), data: [0, 0]),
      "begins at byte 1, but the one before it ends at 0"),
    Case(
      "bytes left over", safetensors(entry("U8", "[1]", "[0,1]"), data: [0, 0, 0]), "2 bytes behind the last tensor"),
    Case("no tensors", safetensors("{}"), "holds no tensors"),
    // Found by fuzzing: Foundation's decoder traps if the text ends this way.
    Case(
      "brackets without end", safetensors("{\"x\":" + String(repeating: "[", count: 512)),
      "its header is not the JSON it should be (brackets are nested more than 64 deep)"),
  ]

  static let torchCases = [
    Case("a zip of nothing", zip([]), "neither a safetensors file nor a .pt"),
    Case("a zip cut short", Array(torchFile(Pickle.dictionary(Pickle.tensor())).dropLast(30)), "was it cut short?"),
    Case(
      "a directory past the end", zip([("m/data.pkl", [])], directoryOffBy: 1 << 20),
      "the zip directory should lie at"),
    Case("a directory elsewhere", zip([("m/data.pkl", [])], directoryOffBy: -4), "no zip directory entry at byte"),
    Case(
      "an entry past the end", zip([("m/data.pkl", [1, 2, 3])], sizeOffBy: 1 << 20), "entry m/data.pkl should lie at"),
    Case(
      "an entry that is elsewhere", zip([("m/data.pkl", [1])], localOffsetOffBy: 2), "there is no entry m/data.pkl at"),
    Case("a compressed entry", zip([("m/data.pkl", [1])], method: 8), "m/data.pkl is compressed"),
    Case("an encrypted entry", zip([("m/data.pkl", [1])], flags: 1), "m/data.pkl is encrypted"),
    Case("two entries of one name", zip([("m/data.pkl", [1]), ("m/data.pkl", [1])]), "two entries named m/data.pkl"),
    Case("no pickle", zip([("m/version", [51])]), "it has no data.pkl"),
    Case(
      "big-endian", torchFile(Pickle.dictionary(Pickle.tensor()), others: [("m/byteorder", Array("big".utf8))]),
      "big-endian machine"),
    Case(
      "a pickle that names os.system",
      torchFile(Pickle.proto + Pickle.global("os", "system") + Pickle.string("rm -rf /") + [0x85] + Array("R.".utf8)),
      "at byte 2, names os.system, which a checkpoint has no need of; nothing in it was run"),
    Case(
      "builtins by STACK_GLOBAL",
      torchFile([0x80, 4] + Pickle.string("builtins") + Pickle.string("eval") + [0x93] + Pickle.stop),
      "names builtins.eval"),
    Case("an empty pickle", torchFile([]), "at byte 0, ends too early"),
    Case("a pickle cut short", torchFile(Array(Pickle.dictionary(Pickle.tensor()).dropLast(9))), "ends too early"),
    Case(
      "a string of 2 GiB", torchFile(Pickle.proto + Array("X".utf8) + littleEndian(2 << 30 as UInt32)), "ends too early"
    ),
    Case("an unknown instruction", torchFile(Pickle.proto + [0x82]), "has the instruction 0x82"),
    Case("an empty stack", torchFile(Pickle.proto + Array("s".utf8)), "a value is missing"),
    Case("no mark", torchFile(Pickle.proto + Array("t".utf8)), "a mark is missing"),
    Case("an unknown memory", torchFile(Pickle.proto + Array("h".utf8) + [7]), "value 7 is recalled"),
    Case(
      "an integer of 255 bytes",
      torchFile(Pickle.proto + [0x8A, 255] + [UInt8](repeating: 1, count: 255) + Pickle.stop),
      "it holds an integer of 255 bytes"),
    Case(
      "bytes beyond the end", torchFile(Pickle.proto + [0x8E] + littleEndian(UInt64.max) + Pickle.stop),
      "ends too early"),
    Case(
      "an object made of os.system", torchFile(Pickle.proto + Pickle.global("posix", "system") + [0x29, 0x81]),
      "names posix.system"),
    Case(
      "a function beside a harmless one", torchFile(Pickle.proto + Pickle.global("argparse", "FileType") + Pickle.stop),
      "it holds argparse.FileType"),
    Case(
      "a harmless object for a tensor",
      torchFile(Pickle.dictionary(Pickle.tensor(Pickle.call("argparse", "Namespace")))), "a tensor is made of something"
    ),
    Case(
      "two sizes of one storage",
      torchFile(
        Pickle.proto + Pickle.entries([("x", Pickle.tensor()), ("y", Pickle.tensor(Pickle.storage(count: 3)))])
          + Pickle.stop), "describes storage 0 in two ways"),
    Case("a number for a dictionary", torchFile(Pickle.proto + Pickle.integer(3) + Pickle.stop), "it holds an integer"),
    Case(
      "a call of a string", torchFile(Pickle.proto + Pickle.string("f") + Array(")R.".utf8)),
      "a string is called with a tuple"),
    Case(
      "tuples without end",
      torchFile(Pickle.proto + Array(")".utf8) + [UInt8](repeating: 0x85, count: 100_000) + Pickle.stop),
      "nests more than 64 levels deep"),
    Case(
      "a list that holds itself",
      torchFile(Pickle.proto + Array("]q".utf8) + [0] + Array("h".utf8) + [0] + Array("a.".utf8)),
      "holds no tensors"),
    Case("no tensors", torchFile(Pickle.proto + Array("}.".utf8)), "holds no tensors"),
    Case(
      "a missing storage", torchFile(Pickle.dictionary(Pickle.tensor(Pickle.storage(key: "9")))),
      "the storage data/9 is missing"),
    Case(
      "a storage larger than its entry", torchFile(Pickle.dictionary(Pickle.tensor(Pickle.storage(count: 5)))),
      "needs a storage of 20 bytes, but it has 16"),
    Case(
      "a storage of 2⁶² elements", torchFile(Pickle.dictionary(Pickle.tensor(Pickle.storage(count: 1 << 62)))),
      "needs a storage of 9223372036854775807 bytes"),
    Case(
      "a view past the end", torchFile(Pickle.dictionary(Pickle.tensor(offset: 1))),
      "with shape [4], strides [1] and offset 1 reaches outside its storage of 4 elements"),
    Case(
      "a negative offset", torchFile(Pickle.dictionary(Pickle.tensor(offset: -1))), "and offset -1 reaches outside"),
    Case(
      "a negative stride", torchFile(Pickle.dictionary(Pickle.tensor(strides: [-1]))),
      "strides [-1] and offset 0 reaches"),
    Case(
      "strides that overflow", torchFile(Pickle.dictionary(Pickle.tensor(shape: [3], strides: [Int.max]))),
      "strides [9223372036854775807] and offset 0 reaches"),
    Case(
      "too few strides", torchFile(Pickle.dictionary(Pickle.tensor(shape: [2, 2], strides: [1]))),
      "with shape [2, 2], strides [1]"),
    Case(
      "one element 2⁴⁰ times", torchFile(Pickle.dictionary(Pickle.tensor(shape: [1 << 40], strides: [0]))),
      "of shape [1099511627776] repeats the 4 elements of its storage"),
    Case(
      "a negative size", torchFile(Pickle.dictionary(Pickle.tensor(shape: [-4]))), "tensor x cannot have the shape [-4]"
    ),
    Case(
      "an overflowing shape",
      torchFile(Pickle.dictionary(Pickle.tensor(shape: [1 << 40, 1 << 40], strides: [1, 1]))),
      "cannot have the shape [1099511627776, 1099511627776]"),
  ]

  @Test(arguments: safetensorsCases + torchCases + LegacyStreamTests.cases + RawPickleTests.cases)
  func isRefused(_ c: Case) throws {
    let file = try TemporaryFile(c.bytes)
    do {
      let state = try StateDict.read(path: file.path)
      Issue.record("\(c.what): read as \(state.names)")
    } catch {
      let text = error.description
      #expect(text.contains(c.message), "\(c.what): \(text)")
      #expect(text.hasPrefix(file.path) && !text.contains("\n"), "\(text)")
    }
  }

  /// Shows that the cases above fail for their stated reason, not because of the builders.
  @Test func theHonestFileIsRead() throws {
    let file = try TemporaryFile(torchFile(Pickle.dictionary(Pickle.tensor(shape: [2, 2], strides: [1, 2]))))
    #expect(try StateDict.read(path: file.path).shape(of: "x") == [2, 2])
  }

  @Test func pathsThatAreNotFiles() {
    #expect(throws: CheckpointError.folder(file: "/tmp")) { try StateDict.read(path: "/tmp") }
    #expect(throws: CheckpointError.notAFile(file: "/dev/null")) { try StateDict.read(path: "/dev/null") }
    #expect(throws: CheckpointError.unreadable(file: "/no/such", reason: "No such file or directory")) {
      try StateDict.read(path: "/no/such")
    }
  }

  /// Real files with changed bytes or truncated: read or refused, but never a crash. Every tensor that is found is
  /// read.
  @Test(arguments: [
    "containers/zip.pt", "containers/nested.pt", "containers/legacy.pt", "containers/expected.safetensors",
    "families/edm/ddpmpp-edm.pkl",
  ])
  func damagedFiles(name: String) throws {
    let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Fixture.path(name))))
    var state: UInt64 = 12345
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var refused = 0
    for round in 0..<1500 {
      var bytes = original
      if round % 3 == 0 { bytes.removeLast(random(bytes.count)) }
      for _ in 0..<random(4) + 1 where !bytes.isEmpty { bytes[random(bytes.count)] = UInt8(random(256)) }
      let file = try TemporaryFile(bytes)
      do {
        let state = try StateDict.read(path: file.path)
        for name in state.names { _ = try state.tensor(name, shape: state.shape(of: name) ?? []) }
      } catch { refused += 1 }
    }
    #expect(refused > 300)
  }
}
