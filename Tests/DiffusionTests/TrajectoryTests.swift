import CDiffusionDigits
import DiffusionCheckpoints
import DiffusionCore
import DiffusionModels
import Foundation
import TensorCore
import TestSupport
import Testing

/// Whole trajectories against the original's loops: noise, model, process and sampler together.
struct TrajectoryTests {
  private struct Case: Decodable {
    let tag: String
    let schedule: String
    let diffusionSteps: Int
    let respacing: String
    let seed: UInt64
    let labels: [Int]
    let rescaleTimesteps: Bool
    let eta: Double?
    let clipDenoised: Bool?
  }

  /// A model with random weights and learned variance, in six settings.
  @Test func randomModelAgreesWithTheOriginal() throws {
    let reference = try Fixture("sampling")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let cases = try decoder.decode([Case].self, from: Data(#require(reference.metadata["cases"]).utf8))
    #expect(cases.count == 6)
    let unet = try randomModel()
    for c in cases {
      let diffusion = GaussianDiffusion(
        betas: try #require(BetaSchedule(rawValue: c.schedule)).betas(steps: c.diffusionSteps),
        timesteps: try spaceTimesteps(c.diffusionSteps, sections: c.respacing), meanType: .epsilon,
        varType: .learnedRange, rescaleTimesteps: c.rescaleTimesteps)
      let context = SamplingContext(
        process: diffusion, model: { unet($0, timesteps: $1, labels: c.labels) },
        clipping: c.clipDenoised ?? true ? .range(1) : .none)
      var noise = TorchNoise(generator: TorchGenerator(seed: c.seed), batch: 2, kept: 2, shape: [3, 16, 16])
      let states = try run(context, eta: c.eta, from: noise.next(), noise: noise)
      expectTrajectory(states, reference, c.tag)
      let first = reference.tensor("\(c.tag).pred_xstart_first")
      expectClose(
        states[0].predXStart, first, tolerance: 1e-3 * first.largestMagnitude, "\(c.tag) first predicted x₀")
    }
  }

  @Test(arguments: [("ddim50", 1.0), ("ddim10", 1), ("ddpm50", 1), ("ddim50-guidance2", 2)])
  func digitsModelAgreesWithTheOriginal(tag: String, guidance: Double) throws {
    let reference = try Fixture("digits.io")
    let unet = try digitsModel()
    let isDDIM = tag.hasPrefix("ddim")
    let steps = tag.hasPrefix("ddim10") ? 10 : 50
    let diffusion = GaussianDiffusion(
      betas: BetaSchedule.cosine.betas(steps: 1000), timesteps: try timesteps(1000, steps: steps, isDDIM: isDDIM),
      meanType: .startX, varType: .fixedSmall, rescaleTimesteps: false)
    let model = classifierFreeGuidance(
      { unet($0, timesteps: $1, labels: $2.map { $0 ?? 10 }) }, scale: guidance, labels: Array(0..<10), channels: 1)
    var noise = TorchNoise(generator: TorchGenerator(seed: 12), batch: 10, kept: 10, shape: [1, 28, 28])
    let start = noise.next()
    expectClose(start, reference.tensor("noise"), tolerance: 2e-6, "x_T")
    let context = SamplingContext(process: diffusion, model: model, clipping: .range(1))
    expectTrajectory(try run(context, eta: isDDIM ? 0 : nil, from: start, noise: noise), reference, tag)
  }

  @Test func digitsForwardPassAgreesWithPyTorch() throws {
    let reference = try Fixture("digits.io")
    let found = try digitsModel()(
      reference.tensor("forward.x"), timesteps: reference.tensor("forward.t").values,
      labels: reference.integers("forward.y"))
    expectClose(found, reference.tensor("forward.out"), tolerance: 1e-4)
  }

  private func digitsModel() throws -> UNetModel {
    var configuration = UNetConfiguration(
      inChannels: 1, modelChannels: 32, outChannels: 1, numResBlocks: 1, attentionResolutions: [2, 4],
      channelMult: [1, 2, 2])
    configuration.numHeads = 4
    configuration.useScaleShiftNorm = true
    configuration.numClasses = 11
    return try UNetModel(configuration, Weights(StateDict.embedded()))
  }

  private func run(_ context: SamplingContext, eta: Double?, from x: Tensor, noise: TorchNoise) throws -> [SamplerState]
  {
    if let eta { return Array(SamplingLoop(context, DDIM(eta: eta), from: x, noise: noise)) }
    return Array(SamplingLoop(context, DDPM(), from: x, noise: noise))
  }

  private func expectTrajectory(_ states: [SamplerState], _ reference: Fixture, _ tag: String) {
    let expected = reference.tensor("\(tag).sample")
    expectClose(states[states.count - 1].x, expected, tolerance: 1e-3 * expected.largestMagnitude, tag)
  }
}

extension StateDict {
  fileprivate static func embedded() throws -> StateDict {
    try StateDict.read(
      safetensors: UnsafeRawBufferPointer(start: embedded_model(), count: embedded_model_size()),
      name: "the embedded model")
  }
}
