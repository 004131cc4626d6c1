import TensorCore
import TestSupport
import Testing

@testable import DiffusionCheckpoints

/// The objects that training programs save with and around a model's tensors.
struct TorchTensorsTests {
  private func read(_ object: [UInt8]) throws -> StateDict {
    let file = try TemporaryFile(torchFile(Pickle.proto + object + Pickle.stop))
    return try StateDict.read(path: file.path)
  }

  private func model(_ name: String = "x") -> [UInt8] { Pickle.entries([(name, Pickle.tensor())]) }

  /// Objects as Python pickles them with protocol 2: `pickletools.dis` shows these instructions.
  private static let beside: [(String, [UInt8])] = [
    ("None", Pickle.none), ("a float", Array("G".utf8) + [0x3F, 0xF0, 0, 0, 0, 0, 0, 0]),
    ("a list", Pickle.list([Pickle.integer(1), Pickle.none])),
    ("an integer of nine bytes", [0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ("an integer of LONG4", [0x8B, 2, 0, 0, 0, 1, 2]), ("bytes", Array("C".utf8) + [2, 0, 255]),
    ("a string with a long length", [0x8D, 1, 0, 0, 0, 0, 0, 0, 0, 65]), ("a set", [0x8F, 0x28, 0x4B, 1, 0x90]),
    ("a frozen set", [0x28, 0x4B, 1, 0x91]),
    (
      "argparse.Namespace(lr=1)",
      Pickle.global("argparse", "Namespace") + [0x29, 0x81] + Pickle.entries([("lr", Pickle.integer(1))])
        + Array("b".utf8)
    ),
    ("torch.device", Pickle.call("torch", "device", [Pickle.string("cuda"), Pickle.integer(0)])),
    ("torch.Size", Pickle.call("torch", "Size", [Pickle.tuple([Pickle.integer(2)])])),
    ("a frozen set of protocol 2", Pickle.call("__builtin__", "frozenset", [Pickle.list([Pickle.integer(1)])])),
    ("torch.float16", Pickle.global("torch", "float16")),
    (
      "numpy.float64(1)",
      Pickle.call(
        "numpy._core.multiarray", "scalar",
        [
          Pickle.call("numpy", "dtype", [Pickle.string("f8"), [0x89], [0x88]])
            + Pickle.tuple([Pickle.integer(3), Pickle.string("<"), Pickle.none]) + Array("b".utf8),
          Pickle.call("_codecs", "encode", [Pickle.string("\0?"), Pickle.string("latin1")]),
        ])
    ),
    (
      "a defaultdict",
      Pickle.call("collections", "defaultdict", [Pickle.global("__builtin__", "list")]) + Pickle.string("k")
        + Pickle.none + Array("s".utf8)
    ),
    (
      "a counter", Pickle.call("collections", "Counter", [Pickle.entries([("1", Pickle.integer(2))])])
    ),
    (
      "an optimizer",
      Pickle.entries([
        (
          "state",
          Array("}".utf8) + Pickle.integer(0) + Pickle.entries([("exp_avg", Pickle.tensor())]) + Array("s".utf8)
        ),
        ("param_groups", Pickle.list([Pickle.entries([("lr", Pickle.none)])])),
      ])
    ),
  ]

  @Test(arguments: beside.indices)
  func objectsNextToTheModelAreIgnored(index: Int) throws {
    let (name, value) = Self.beside[index]
    let state = try read(Pickle.entries([("a", value), ("model", model()), ("z", value)]))
    #expect(state.names == ["x"], "\(name)")
    #expect(state.origin == StateDictOrigin(.torchZip, keyPath: ["model"], outermostKeys: ["a", "model", "z"]))
  }

  @Test func theAverageComesFirst() throws {
    let state = try read(
      Pickle.entries([("step", Pickle.tensor()), ("model", model("raw")), ("ema", model("average"))]))
    #expect(state.names == ["average"])
    #expect(state.origin.keyPath == ["ema"])
    #expect(state.origin.isRunningAverage)
    #expect(try !read(Pickle.entries([("model", model())])).origin.isRunningAverage)
  }

  @Test func tensorsBesideDictionariesOfOtherNames() throws {
    #expect(try read(Pickle.entries([("w", Pickle.tensor()), ("other", model())])).names == ["w"])
    let other = try read(Pickle.entries([("other", model())]))
    #expect(other.names == ["x"])
    #expect(other.origin.keyPath == ["other"])
  }

  @Test func dictionariesTwoDeep() throws {
    let state = try read(
      Pickle.entries([("epoch", Pickle.none), ("state_dict", Pickle.entries([("model", model())]))]))
    #expect(state.names == ["x"])
    #expect(state.origin.keyPath == ["state_dict", "model"])
  }

  @Test func prefixesOfEveryName() throws {
    func names(_ names: String...) throws -> [String] {
      try read(Pickle.entries(names.map { ($0, Pickle.tensor()) })).names
    }
    #expect(try names("module.a", "module.b") == ["a", "b"])
    #expect(try names("_orig_mod.module.a", "_orig_mod.module.model.b") == ["a", "model.b"])
    #expect(try names("model.a", "b") == ["model.a", "b"])
    #expect(try names("ema_model.a") == ["a"])
  }

  /// In safetensors too.
  @Test func prefixesInSafetensors() throws {
    let header =
      #"""
      {"module.a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"module.b":{"dtype":"U8","shape":[1],\#
      "data_offsets":[1,2]}}
      """#
    let file = try TemporaryFile(safetensors(header, data: [4, 5]))
    let state = try StateDict.read(path: file.path)
    #expect(state.names == ["a", "b"])
    #expect(try state.tensor("b", shape: [1]).values == [5])
  }

  /// As in Python, the later value counts.
  @Test func duplicateNames() throws {
    let state = try read(
      Pickle.entries([("x", Pickle.tensor(shape: [1])), ("y", Pickle.tensor()), ("x", Pickle.tensor(shape: [2]))]))
    #expect(state.names == ["x", "y"])
    #expect(state.shape(of: "x") == [2])
  }

  @Test func theFirstVersionOfTensorsAndParameters() throws {
    let tensor = Pickle.call(
      "torch._utils", "_rebuild_tensor",
      [
        Pickle.storage(), Pickle.integer(1), Pickle.tuple([Pickle.integer(2)]), Pickle.tuple([Pickle.integer(1)]),
      ])
    let parameter = Pickle.call("torch.nn.parameter", "Parameter", [tensor, [0x88]])
    let state = try read(Pickle.entries([("t", tensor), ("p", parameter)]))
    #expect(state.shape(of: "t") == [2])
    #expect(state.shape(of: "p") == [2])
  }

  @Test func optimizersAreNotModels() throws {
    let optimizer = Self.beside.last?.1 ?? []
    let file = try TemporaryFile(torchFile(Pickle.proto + optimizer + Pickle.stop))
    #expect(throws: CheckpointError.optimizer(file: file.path)) { try StateDict.read(path: file.path) }
  }

  /// 20,000 references to one dictionary of 20,000 entries, which must not be searched each time.
  @Test(.timeLimit(.minutes(20))) func manyReferencesToOneDictionary() throws {
    let (mark, setItems) = ([UInt8(ascii: "(")], [UInt8(ascii: "u")])
    let pair: [UInt8] = [0x4B, 0, 0x4E]
    let pairs = [[UInt8]](repeating: pair, count: 20_000).flatMap { $0 }
    let inner: [UInt8] = [UInt8(ascii: "}"), UInt8(ascii: "q"), 1] + mark + pairs + setItems
    let recall: [UInt8] = [UInt8(ascii: "h"), 1]
    var object: [UInt8] = [UInt8(ascii: "}")] + Pickle.string("model") + inner + [UInt8(ascii: "s")] + mark
    for i in 0..<20_000 { object += Pickle.string("\(i)") + recall }
    object += setItems
    #expect(throws: CheckpointError.self) { try read(object) }
  }
}
