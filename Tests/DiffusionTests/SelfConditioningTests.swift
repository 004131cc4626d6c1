import DiffusionCore
import TensorCore
import TestSupport
import Testing

struct SelfConditioningTests {
  /// Each evaluation sees the clipped x̂₀ of the one before, the first none; in second passes that of the first.
  @Test(arguments: ["ddim", "ddpm", "unipc", "heun", "dpmpp2m", "euler"])
  func everyEvaluationSeesTheLast(sampler: String) throws {
    guard let info = SamplerInfo.named(sampler) else { return }
    let process = GaussianDiffusion(
      betas: BetaSchedule.linear.betas(steps: 6), timesteps: Array(0..<6), meanType: .startX, varType: .fixedSmall,
      rescaleTimesteps: false)
    let previous = SelfConditioning()
    var seen: [Tensor?] = []
    var given: [Tensor] = []
    let context = SamplingContext(
      process: process,
      model: { x, _ in
        seen.append(previous.xStart)
        given.append(scrambled(x.shape, seed: UInt64(given.count + 1)).map { 2 * $0 })
        return given[given.count - 1]
      }, clipping: .range(1), selfConditioning: previous)
    let shape = [2, 1, 2, 2]
    let loop = SamplingLoop(
      context, info.make(SamplerParameters()), from: scrambled(shape), noise: ScriptedNoise(shape: shape))
    for _ in loop {}
    #expect(given.count == info.modelEvaluations(of: process, steps: 6))
    #expect(seen[0] == nil)
    for (seen, given) in zip(seen.dropFirst(), given) {
      #expect(seen?.values == given.values.map { min(max($0, -1), 1) })
    }
  }
}
