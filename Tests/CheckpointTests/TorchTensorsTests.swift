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

/// The places where training programs put a network and its running average, found by the name of one of its tensors.
struct NetworkSearchTests {
  private static let signature = "embed.weight"

  /// A network's state dict, whose tensors begin at `offset` in their storage, so that one can be told from another.
  private static func network(_ prefix: String = "", offset: Int = 0) -> [(String, [UInt8])] {
    [("\(prefix)embed.weight", tensor(offset)), ("\(prefix)out.weight", tensor(offset, shape: [1, 1]))]
  }

  private static func tensor(_ offset: Int, shape: [Int] = [1]) -> [UInt8] {
    Pickle.call(
      "torch._utils", "_rebuild_tensor_v2",
      [
        Pickle.storage(), Pickle.integer(offset), Pickle.tuple(shape.map(Pickle.integer)),
        Pickle.tuple(shape.map { _ in Pickle.integer(1) }), [0x89], Pickle.none,
      ])
  }

  private static let raw = network()
  private static let average = network(offset: 1)
  private static let shadow = Pickle.list(average.map(\.1))
  private static let unknown =
    Pickle.global("train", "Config") + [0x29, 0x81] + Pickle.entries([("lr", Pickle.none)])
    + Array("b".utf8)

  private static func prefixed(_ prefix: String, _ network: [(String, [UInt8])]) -> [(String, [UInt8])] {
    network.map { (prefix + $0.0, $0.1) }
  }

  /// What is saved, the keys under which the network is found, and whether they say that it is an average.
  private static let places: [(object: [UInt8], keys: [String], isAverage: Bool)] = [
    (Pickle.entries(prefixed("unet.", raw)), [], false),
    (Pickle.entries(prefixed("_orig_mod.module.", raw)), [], false),
    (Pickle.entries([("betas", tensor(0))] + prefixed("denoise_fn.", raw)), [], false),
    (
      Pickle.entries([("state_dict", Pickle.entries([("betas", tensor(0))] + prefixed("model.", raw)))]),
      ["state_dict"],
      false
    ),
    (Pickle.entries([("n_averaged", tensor(0))] + prefixed("module.", average)), ["module"], true),
    (Pickle.entries(prefixed("model.", raw) + prefixed("ema_model.", average)), ["ema_model"], true),
    (Pickle.entries(raw + prefixed("ema.", average)), ["ema"], true),
    (
      Pickle.entries([("state_dict", Pickle.entries(prefixed("net.", raw) + prefixed("net_ema.", average)))]),
      ["state_dict", "net_ema"], true
    ),
    (
      Pickle.entries([
        ("model", Pickle.entries(raw)),
        ("ema", Pickle.entries(prefixed("online_model.", raw) + prefixed("ema_model.", average))),
      ]), ["ema"], true
    ),
    (Pickle.entries([("model", Pickle.entries(raw)), ("ema_0.9999", Pickle.entries(average))]), ["ema_0.9999"], true),
    (Pickle.entries([("params", Pickle.entries(raw)), ("params_ema", Pickle.entries(average))]), ["params_ema"], true),
    (Pickle.entries([("model", Pickle.entries(raw)), ("model_avg", Pickle.entries(average))]), ["model_avg"], true),
    (
      Pickle.entries([
        ("model", Pickle.entries(raw)), ("ema", Pickle.entries([("shadow", Pickle.entries(average))])),
      ]), ["ema", "shadow"], true
    ),
    (
      Pickle.entries([
        ("state_dict", Pickle.entries(raw)),
        ("callbacks", Pickle.entries([("EMA", Pickle.entries([("ema_state_dict", Pickle.entries(average))]))])),
      ]), ["callbacks", "EMA", "ema_state_dict"], true
    ),
    // torch_ema's list, also beside a buffer and what is not trained.
    (
      Pickle.entries([
        ("model", Pickle.entries(prefixed("module.", [("sigmas", tensor(0, shape: [1, 1, 1]))] + raw))),
        ("ema", Pickle.entries([("shadow_params", shadow)])),
      ]), ["ema", "shadow_params"], true
    ),
    (
      Pickle.entries(
        [("num_updates", tensor(0, shape: []))] + prefixed("model.", raw)
          + average.enumerated().map { ("shadow_params.\($0.offset)", $0.element.1) }), ["shadow_params"], true
    ),
    // Lists of states: the last is the average, an only one is not.
    (Pickle.list([Pickle.entries(prefixed("module.", raw)), Pickle.integer(1), Pickle.entries(average)]), ["2"], true),
    (Pickle.list([Pickle.entries(prefixed("module.", raw)), Pickle.integer(1)]), ["0"], false),
    (Pickle.tuple([Pickle.entries(raw), Pickle.integer(1)]), ["0"], false),
    // Objects of unknown classes are not opened, and stand in nobody's way.
    (Pickle.entries([("conf", unknown), ("model", Pickle.entries(raw))]), ["model"], false),
    (Pickle.entries([("net", Pickle.entries(raw)), ("other", Pickle.entries([("w", tensor(0))]))]), ["net"], false),
  ]

  @Test(arguments: places.indices)
  func theNetworkIsFound(index: Int) throws {
    let place = Self.places[index]
    let file = try TemporaryFile(legacyStream(Pickle.proto + place.object + Pickle.stop))
    let state = try StateDict.read(path: file.path, signatures: [Self.signature])
    let buffers = state.names.filter { $0 == "sigmas" }
    #expect(state.names == buffers + ["embed.weight", "out.weight"])
    #expect(state.origin.keyPath == place.keys && state.origin.isRunningAverage == place.isAverage)
    // The storage holds other numbers at each offset.
    let plain = try TemporaryFile(
      legacyStream(Pickle.proto + Pickle.entries(place.isAverage ? Self.average : Self.raw) + Pickle.stop))
    let expected = try StateDict.read(path: plain.path)
    for name in expected.names {
      let shape = try #require(expected.shape(of: name))
      #expect(try state.tensor(name, shape: shape).values == expected.tensor(name, shape: shape).values)
    }
  }

  /// A list that does not fit the network's parameters is not taken for their average.
  @Test func otherListsAreNoAverage() throws {
    let list = Pickle.list([Self.tensor(1), Self.tensor(1, shape: [1, 1, 1])])
    let object = Pickle.entries([
      ("model", Pickle.entries(Self.raw)), ("ema", Pickle.entries([("shadow_params", list)])),
    ])
    let file = try TemporaryFile(torchFile(Pickle.proto + object + Pickle.stop))
    let state = try StateDict.read(path: file.path, signatures: [Self.signature])
    #expect(state.origin.keyPath == ["model"] && !state.origin.isRunningAverage)
  }

  /// Where shapes do not say which tensor is a buffer, nothing is guessed.
  @Test func ambiguousListsAreNoAverage() throws {
    let object = Pickle.entries([
      ("model", Pickle.entries([("buffer", Self.tensor(0))] + Self.raw + [("last", Self.tensor(0))])),
      ("ema", Pickle.entries([("shadow_params", Pickle.list([Self.tensor(1), Self.tensor(1, shape: [1, 1])]))])),
    ])
    let file = try TemporaryFile(torchFile(Pickle.proto + object + Pickle.stop))
    let state = try StateDict.read(path: file.path, signatures: [Self.signature])
    #expect(state.origin.keyPath == ["model"] && !state.origin.isRunningAverage)
  }

  /// A file that claims a network behind each of many prefixes takes no longer than one with as many tensors.
  @Test(.timeLimit(.minutes(1))) func manyNetworks() throws {
    let entries = (0..<100_000).map { i in
      #""\#(i).module.embed.weight":{"dtype":"U8","shape":[1],"data_offsets":[\#(i),\#(i + 1)]}"#
    }
    let file = try TemporaryFile(
      safetensors("{\(entries.joined(separator: ","))}", data: [UInt8](repeating: 0, count: entries.count)))
    #expect(try StateDict.read(path: file.path, signatures: [Self.signature]).names == ["embed.weight"])
  }

  @Test func wholeModulesAreNamed() throws {
    let file = try TemporaryFile(torchFile(Pickle.proto + Self.unknown + Pickle.stop))
    let error = CheckpointError.wholeObject(file: file.path, type: "train.Config")
    #expect(throws: error) { try StateDict.read(path: file.path, signatures: [Self.signature]) }
    #expect(
      error.description.hasSuffix(
        "type torch.save(torch.load('\(file.path)', weights_only=False).state_dict(), 'weights.pt') in Python there"))
  }

  @Test func averagesInSafetensors() throws {
    let names = ["model.embed.weight", "model.out.weight", "ema_model.embed.weight", "ema_model.out.weight"]
    let entries = names.enumerated().map { i, name in
      #""\#(name)":{"dtype":"U8","shape":[1],"data_offsets":[\#(i),\#(i + 1)]}"#
    }
    let file = try TemporaryFile(safetensors("{\(entries.joined(separator: ","))}", data: [1, 2, 3, 4]))
    let state = try StateDict.read(path: file.path, signatures: [Self.signature])
    #expect(state.names == ["embed.weight", "out.weight"] && state.origin.isRunningAverage)
    #expect(try state.tensor("out.weight", shape: [1]).values == [4])
    #expect(try StateDict.read(path: file.path).names == names)
  }
}
