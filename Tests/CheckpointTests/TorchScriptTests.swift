import TestSupport
import Testing

@testable import DiffusionCheckpoints

/// TorchScript archives, which open only where that is asked for.
struct TorchScriptTests {
  /// An object of a class of TorchScript.
  private func object(_ attributes: [(String, [UInt8])]) -> [UInt8] {
    Pickle.global("__torch__.m", "Module") + [0x29, 0x81] + Pickle.entries(attributes) + Array("b".utf8)
  }

  private func read(
    _ object: [UInt8], code: [UInt8] = [0xFF, 0], signatures: [String] = []
  ) throws -> StateDict {
    let file = try TemporaryFile(
      torchFile(Pickle.proto + object + Pickle.stop, others: [("m/code/__torch__/m.py", code)]))
    return try StateDict.read(path: file.path, signatures: signatures, opensTorchScript: true)
  }

  /// `torch.jit.script` of modules in modules, with a buffer, a list of numbers and a module without tensors.
  @Test func tensorsHaveTheNamesOfTheStateDict() throws {
    let expected = try Fixture("scoring/script")
    let state = try StateDict.read(path: Fixture.path("scoring/script.pt"), opensTorchScript: true)
    #expect(state.names.sorted() == expected.names)
    for name in expected.names {
      let tensor = expected.tensor(name)
      #expect(try state.tensor(name, shape: tensor.shape).values == tensor.values)
    }
  }

  @Test func oneThatIsNotAskedForIsRefused() throws {
    let error = #expect(throws: CheckpointError.self) {
      _ = try StateDict.read(path: Fixture.path("scoring/script.pt"))
    }
    #expect(error == .archive(file: Fixture.path("scoring/script.pt"), .torchScript))
  }

  /// What precedes all names is left out, as in other files.
  @Test func aWrapperIsLookedInto() throws {
    let inner = object([("weight", Pickle.tensor()), ("padding", Pickle.list([Pickle.integer(1)]))])
    let state = try read(
      object([("net", object([("layers", object([("conv", inner)])), ("output", inner)]))]),
      signatures: ["layers.conv.weight"])
    #expect(state.names == ["layers.conv.weight", "output.weight"])
    #expect(state.origin.prefix == "net.")
  }

  @Test func anObjectWithAStateOfItsOwnIsPassedOver() throws {
    let odd = Pickle.global("__torch__.m", "Packed") + [0x29, 0x81] + Pickle.tuple([Pickle.none]) + Array("b".utf8)
    #expect(try read(object([("odd", odd), ("weight", Pickle.tensor())])).names == ["weight"])
  }

  /// One object under two names, and one that is part of itself, are each looked into once.
  @Test func sharedObjectsAreLookedIntoOnce() throws {
    let shared = Array("q".utf8) + [7]
    let inner = object([("weight", Pickle.tensor())])
    let twice = object([("a", inner + shared), ("b", Array("h".utf8) + [7])])
    #expect(try read(twice).names == ["a.weight"])
    let itself =
      Pickle.global("__torch__.m", "Module") + [0x29, 0x81] + shared
      + Pickle.entries([("again", Array("h".utf8) + [7]), ("weight", Pickle.tensor())]) + Array("b".utf8)
    #expect(try read(itself).names == ["weight"])
  }

  @Test func modulesNestedWithoutEndDoNoHarm() throws {
    var nested = object([("weight", Pickle.tensor())])
    for _ in 0..<500 { nested = object([("m", nested)]) }
    #expect(try read(object([("weight", Pickle.tensor()), ("deep", nested)])).names == ["weight"])
  }

  /// Code may be compressed, and is not looked at; nothing else may.
  @Test func onlyCodeMayBeCompressed() throws {
    let file = try TemporaryFile(
      zip([("m/data.pkl", Pickle.proto + object([]) + Pickle.stop), ("m/code/m.py", [1])], method: 8))
    let error = #expect(throws: CheckpointError.self) {
      _ = try StateDict.read(path: file.path, opensTorchScript: true)
    }
    #expect(error == .archive(file: file.path, .zip(.compressed(entry: "m/data.pkl"))))
  }

  @Test func whatNamesSomethingToRunIsRefused() throws {
    let error = #expect(throws: CheckpointError.self) {
      _ = try read(object([("x", Pickle.global("os", "system"))]))
    }
    guard case .pickle(_, _, .forbiddenName("os.system")) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aTensorOutsideItsStorageIsRefused() throws {
    let error = #expect(throws: CheckpointError.self) {
      _ = try read(object([("weight", Pickle.tensor(offset: 1))]))
    }
    guard case .tensor(_, "weight", .outsideStorage) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
