import DiffusionCheckpoints
import DiffusionModels
import TestSupport
import Testing

@testable import TensorCore

struct ClassifierGradientTests {
  /// The gradient of Σ log p(y | x) with respect to x, through a whole network with frozen parameters.
  @Test(arguments: tableNames)
  func agreesWithPyTorch(table: String) throws {
    let io = try Fixture("unet/guided-classifier.io")
    let state = try StateDict.read(path: Fixture.path("unet/guided-classifier.weights.safetensors"))
    var configuration = try Architecture(state.shapes).configuration
    configuration.adopt(try ModelDescription(json: #require(io.metadata["config"]), file: "guided-classifier"))
    try KernelChoice.$current.withValue(#require(KernelChoice.table(named: table))) {
      let weights = Weights(state).asVariables(frozen: true)
      let classifier = try EncoderUNetModel(configuration, weights)
      let x = io.tensor("x").watched()
      let tape = GradientTape()
      let logits = GradientTape.$current.withValue(tape) { classifier(x, timesteps: io.tensor("t").values) }
      // d Σ log softmax(z)[y] / dz = one-hot(y) - softmax(z).
      var gradient = logits.softmax().map { -$0 }
      for (n, y) in io.integers("y").enumerated() { gradient[n * logits.shape[1] + y] += 1 }
      let found = try #require(tape.backward(from: logits, gradient).of(x))
      let expected = io.tensor("grad")
      expectClose(found, expected, tolerance: 1e-4 * expected.largestMagnitude, "gradient of the input")
      #expect(weights.variables.allSatisfy { $0.gradient == nil })
    }
  }
}
