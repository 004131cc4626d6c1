import DiffusionCheckpoints
import TensorCore
import TestSupport
import Testing

@testable import DiffusionModels

struct UNetModelTests {
  static let models = [
    "improved-additive", "improved-odd-28", "improved-scaleshift-class", "improved-superres", "improved-1d",
    "improved-3d", "guided-neworder", "guided-noconv-resample", "guided-updown-class",
  ]

  /// The output and the activation behind every block, on every kernel table; the architecture is read off the tensors,
  /// but for what they do not show.
  @Test(arguments: models, KernelChoice.available.map(\.name))
  func agreesWithPyTorch(name: String, table: String) throws {
    let io = try Fixture("unet/\(name).io")
    let isPickled = ["improved-scaleshift-class", "guided-updown-class"].contains(name)
    let state = try StateDict.read(path: Fixture.path("unet/\(name).\(isPickled ? "pt" : "weights.safetensors")"))
    var configuration = try Architecture(state.shapes).configuration
    configuration.adopt(try ModelDescription(json: #require(io.metadata["config"]), file: name))
    try configuration.validate()
    let table = try #require(KernelChoice.table(named: table))
    try KernelChoice.$current.withValue(table) {
      let weights = Weights(state)
      let model = try UNetModel(configuration, weights)
      #expect(weights.unusedNames == [])
      var compared = 0
      var x = io.tensor("x")
      if configuration.isSuperResolution { x = superResolutionInput(x, lowRes: io.tensor("low_res")) }
      let out = model(
        x, timesteps: io.tensor("t").values, labels: io.names.contains("y") ? io.integers("y") : nil
      ) { block, activation in
        let found = activation.shape.count > 2 ? activation.channelsFirst() : activation
        expectClose(found, io.tensor("after.\(block)"), tolerance: 1e-4, "\(name) after.\(block)")
        compared += 1
      }
      #expect(compared == io.names.filter { $0.hasPrefix("after.") }.count)
      expectClose(out, io.tensor("out"), tolerance: 1e-4, "\(name) out")
    }
  }

  /// `zero_module`: a fresh model's last layer is zero, and so is what it predicts.
  @Test func freshModelPredictsZero() throws {
    var configuration = UNetConfiguration(
      inChannels: 3, modelChannels: 32, outChannels: 6, numResBlocks: 1, attentionResolutions: [2], channelMult: [1, 2])
    configuration.numHeads = 4
    let model = try UNetModel(configuration, Weights(randomSeed: 1))
    var isAlive = false
    let out = model(scrambled([1, 3, 8, 8]), timesteps: [3]) { block, activation in
      if block == "middle_block" { isAlive = activation.largestMagnitude > 0.01 }
    }
    #expect(isAlive)
    #expect(out.values == [Float](repeating: 0, count: 6 * 64))
  }

  @Test func missingAndMisshapenTensorsAreNamed() throws {
    let state = try StateDict.read(path: Fixture.path("unet/improved-additive.weights.safetensors"))
    var configuration = UNetConfiguration(
      inChannels: 1, modelChannels: 32, outChannels: 1, numResBlocks: 1, attentionResolutions: [2], channelMult: [1, 2])
    configuration.numHeads = 1
    #expect(throws: Never.self) { try UNetModel(configuration, Weights(state)) }
    configuration.numClasses = 10
    expectError(naming: ["label_emb.weight"]) { try UNetModel(configuration, Weights(state)) }
    configuration.numClasses = nil
    configuration.inChannels = 3
    expectError(naming: ["input_blocks.0.0.weight", "[32, 1, 3, 3]", "[32, 3, 3, 3]"]) {
      try UNetModel(configuration, Weights(state))
    }
  }

  private func expectError(naming words: [String], _ body: () throws -> UNetModel) {
    do {
      _ = try body()
      Issue.record("no error, expected one that names \(words)")
    } catch {
      for word in words { #expect("\(error)".contains(word), "\(error)") }
    }
  }
}
