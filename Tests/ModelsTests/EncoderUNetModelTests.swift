import DiffusionCheckpoints
import TensorCore
import TestSupport
import Testing

@testable import DiffusionModels

struct EncoderUNetModelTests {
  @Test(arguments: KernelChoice.available.map(\.name))
  func logitsAgreeWithPyTorch(table: String) throws {
    let io = try Fixture("unet/guided-classifier.io")
    let state = try StateDict.read(path: Fixture.path("unet/guided-classifier.weights.safetensors"))
    let architecture = try Architecture(state.shapes)
    #expect(architecture.kind == .classifier)
    #expect(architecture.imageSize == 16)
    var configuration = architecture.configuration
    configuration.adopt(try ModelDescription(json: #require(io.metadata["config"]), file: "guided-classifier"))
    try configuration.validate()
    let table = try #require(KernelChoice.table(named: table))
    try KernelChoice.$current.withValue(table) {
      let weights = Weights(state)
      let classifier = try EncoderUNetModel(configuration, weights)
      #expect(weights.unusedNames == [])
      let logits = classifier(io.tensor("x"), timesteps: io.tensor("t").values)
      expectClose(logits, io.tensor("logits"), tolerance: 1e-4, "logits")
    }
  }
}
