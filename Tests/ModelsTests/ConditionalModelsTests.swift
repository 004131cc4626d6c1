import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionModels

/// SR3 and Palette, against outputs and samples of their own code.
@Suite(.enabled(if: FamilyReference.isThere))
struct ConditionalModelsTests {
  /// The last six of a process's steps by its own sampler, DDPM with clipping and the posterior's variance, whose noise
  /// at timestep t is drawn by PyTorch from the seed 100 + t.
  private func lastSteps(
    _ network: any DenoisingNetwork, _ specification: ModelSpecification, _ start: Tensor, _ condition: Tensor
  ) -> Tensor {
    let process = specification.process.diffusion()
    let context = SamplingContext(
      process: process,
      model: { network($0, NetworkInputs(conditioning: $1, condition: condition)) }, clipping: .range(1))
    var (x, sampler) = (start, DDPM())
    for t in (0..<6).reversed() {
      x =
        sampler.step(x, t, context) {
          var generator = TorchGenerator(seed: UInt64(100 + t))
          return Tensor(start.shape, generator.randn(start.count))
        }.x
    }
    return x
  }

  private func expectClose(_ found: Tensor, _ expected: Tensor, _ tolerance: Float) {
    TestSupport.expectClose(found, expected, tolerance: tolerance * (expected.values.map(abs).max() ?? 0))
  }

  @Test func sr3() throws {
    let path = try #require(FamilyReference.path("sr3/sr3_sr_I640000_E37_gen.pth"))
    let reference = try FamilyReference("sr3/sr3_sr_reference.npz")
    var stated = StatedSettings()
    stated.imageSize = 32
    let source = try ModelSource(path: path, stated: stated)
    let network = try source.network()
    let condition = try reference.tensor("condition")
    let inputs = NetworkInputs(conditioning: try reference.tensor("level").values, condition: condition)
    expectClose(network(try reference.tensor("x"), inputs), try reference.tensor("out"), 1e-5)
    let process = source.specification.process
    #expect(process.steps == 2000 && process.betas[1999] == 0.01 && process.varType == .fixedSmall)
    let drawn = lastSteps(network, source.specification, try reference.tensor("x_6"), condition)
    expectClose(drawn, try reference.tensor("x_0"), 1e-4)
  }

  @Test func palette() throws {
    let path = try #require(FamilyReference.path("palette/200_Network_ema.pth"))
    let reference = try FamilyReference("palette/reference.npz")
    var stated = StatedSettings()
    (stated.imageSize, stated.numHeadChannels) = (32, 16)
    let source = try ModelSource(path: path, stated: stated)
    let network = try source.network()
    let condition = try reference.tensor("cond")
    let inputs = NetworkInputs(conditioning: try reference.tensor("gamma").values, condition: condition)
    expectClose(network(try reference.tensor("x"), inputs), try reference.tensor("out"), 1e-5)
    let drawn = lastSteps(network, source.specification, try reference.tensor("x_6"), condition)
    expectClose(drawn, try reference.tensor("x_0"), 1e-4)
  }
}
