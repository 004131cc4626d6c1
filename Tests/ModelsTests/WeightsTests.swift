import DiffusionCheckpoints
import DiffusionModels
import TestSupport
import Testing

struct WeightsTests {
  @Test func scopesJoinNamesAndUseIsRemembered() throws {
    let state = try StateDict.read(path: Fixture.path("unet/improved-1d.weights.safetensors"))
    let weights = Weights(state)
    #expect(weights.unusedNames == state.names)
    let tensor = try weights.scope("input_blocks.0.0").parameter("bias", [32], .zeros).tensor()
    #expect(tensor.values == (try state.tensor("input_blocks.0.0.bias", shape: [32]).values))
    #expect(weights.unusedNames == state.names.filter { $0 != "input_blocks.0.0.bias" })
    let requested = RequestedShapes()
    _ = try requested.weights.scope("input_blocks.0.0").parameter("bias", [32], .zeros)
    #expect(requested.all == ["input_blocks.0.0.bias": [32]])
  }

  @Test func randomWeightsDependOnSeedAndNameAlone() throws {
    func draw(_ seed: UInt64, _ name: String) throws -> [Float] {
      try Weights(randomSeed: seed).scope("a").parameter(name, [100], .uniform(bound: 0.5)).tensor().values
    }
    #expect(try draw(1, "b") == draw(1, "b"))
    #expect(try draw(1, "b") != draw(2, "b"))
    #expect(try draw(1, "b") != draw(1, "c"))
    #expect(try draw(1, "b").allSatisfy { abs($0) <= 0.5 })
    let normal = try Weights(randomSeed: 3).parameter("n", [20_000], .normal(standardDeviation: 1)).tensor().values.map(
      Double.init)
    let mean: Double = normal.reduce(0, +) / 20_000
    let square: Double = normal.map { $0 * $0 }.reduce(0, +) / 20_000
    // Five standard errors.
    #expect(abs(mean) < 0.036)
    #expect(abs(square - 1) < 0.05)
  }
}
