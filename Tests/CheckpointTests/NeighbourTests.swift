import TestSupport
import Testing

@testable import DiffusionCheckpoints

/// Tensors beside a network: they belong to a module around it, and nothing has to use them.
struct NeighbourTests {
  private func file(_ names: [String], extra: [(String, [UInt8])] = []) -> [UInt8] {
    let entries = Pickle.entries(names.map { ($0, Pickle.tensor()) } + extra)
    return torchFile(Pickle.proto + entries + Pickle.stop)
  }

  private func state(_ names: [String], extra: [(String, [UInt8])] = []) throws -> StateDict {
    let file = try TemporaryFile(file(names, extra: extra))
    return try StateDict.read(path: file.path, signatures: ["a.weight"])
  }

  @Test(
    arguments: [
      (["betas", "model.a.weight"], ["a.weight"], ["betas"]),
      (["ema_model.betas", "ema_model.model.a.weight", "other.betas"], ["a.weight"], ["betas"]),
      (["betas", "model._orig_mod.a.weight", "model.b.gamma"], ["a.weight"], ["betas"]),
      (["a.weight", "betas"], ["a.weight", "betas"], []),
      (["model.a.weight", "weight", "bias", "head.table"], ["a.weight"], []),
    ] as [([String], [String], Set<String>)])
  func areThoseOnTheWayToIt(names: [String], network: [String], beside: Set<String>) throws {
    let state = try state(names)
    #expect(state.names == network && state.neighbourNames == beside)
    if let name = beside.first { #expect(state.neighbour(name)?.shape == [4]) }
    #expect(state.neighbour("nothing") == nil)
  }

  /// One that reaches outside its storage is none, and no fault of the file.
  @Test func brokenOnesAreNone() throws {
    let state = try state(["model.a.weight"], extra: [("betas", Pickle.tensor(shape: [5]))])
    #expect(state.names == ["a.weight"] && state.neighbour("betas") == nil && state.neighbourNames == ["betas"])
  }

  /// The trainer's release is kept if it is no longer than one is.
  @Test(arguments: [("2.3.4", "2.3.4"), (String(repeating: "9", count: 33), nil)] as [(String, String?)])
  func releaseOfTheTrainer(text: String, kept: String?) throws {
    let network = Pickle.entries([("model.a.weight", Pickle.tensor())])
    let outer = Pickle.entries([("version", Pickle.string(text)), ("ema", network)])
    let file = try TemporaryFile(torchFile(Pickle.proto + outer + Pickle.stop))
    let state = try StateDict.read(path: file.path, signatures: ["a.weight"])
    #expect(state.origin.version == kept && state.origin.prefix == "model.")
  }

  /// The same of a safetensors file.
  @Test func inSafetensors() throws {
    let header = """
      {"betas":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},\
      "model.a.weight":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}
      """
    let bytes = littleEndian(Float(0.25).bitPattern) + littleEndian(Float(2).bitPattern)
    let file = try TemporaryFile(safetensors(header, data: bytes))
    let state = try StateDict.read(path: file.path, signatures: ["a.weight"])
    #expect(state.names == ["a.weight"] && state.neighbour("betas")?.values == [0.25])
    #expect(state.origin.prefix == "model.")
  }
}
