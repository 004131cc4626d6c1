import TensorCore
import TestSupport
import Testing

@testable import DiffusionModels

/// Folders that diffusers' `save_pretrained` wrote, one with a `.bin` and one with safetensors.
struct DiffusersModelsTests {
  @Test(arguments: ["ddpm-cifar-like", "default-like"], KernelChoice.available.map(\.name))
  func agreesWithDiffusers(name: String, table: String) throws {
    let io = try Fixture("diffusers/\(name).io")
    let checkpoint = try ModelSource(path: Fixture.path("diffusers/\(name)")).checkpoint
    let description = try #require(checkpoint.described).description
    var configuration = try Architecture(checkpoint.state.shapes).configuration
    configuration.adopt(description)
    try configuration.validate()
    let table = try #require(KernelChoice.table(named: table))
    try KernelChoice.$current.withValue(table) {
      let weights = Weights(checkpoint.state)
      let model = try UNetModel(configuration, weights)
      #expect(weights.unusedNames == [])
      let out = model(
        io.tensor("x"), timesteps: io.tensor("t").values, labels: io.names.contains("y") ? io.integers("y") : nil)
      expectClose(out, io.tensor("out"), tolerance: 1e-4, "\(name) out")
    }
  }

  /// What the shapes show is what the configuration says.
  @Test(arguments: ["ddpm-cifar-like", "default-like"])
  func shapesAgreeWithTheConfiguration(name: String) throws {
    let checkpoint = try ModelSource(path: Fixture.path("diffusers/\(name)")).checkpoint
    let read = try Architecture(checkpoint.state.shapes).description
    let said = try #require(checkpoint.described).description
    #expect(read.modelChannels == said.modelChannels)
    #expect(read.channelMult == said.channelMult)
    #expect(read.numResBlocks == said.numResBlocks)
    #expect(read.attentionResolutions == said.attentionResolutions)
    #expect(read.numClasses == said.numClasses)
    #expect(read.useScaleShiftNorm == said.useScaleShiftNorm)
    #expect(read.inChannels == said.inChannels)
    #expect(read.outChannels == said.outChannels)
  }
}
