import TensorCore
import TestSupport
import Testing

@testable import DiffusionCore

/// Expects numbers that agree to a relative tolerance of 10⁻¹².
private func expectEqual(
  _ found: [Double], _ expected: [Double], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  for (i, (a, b)) in zip(found, expected).enumerated() where !(abs(a - b) <= 1e-12 * abs(b)) {
    Issue.record("\(what)[\(i)] is \(a), expected \(b)", sourceLocation: sourceLocation)
    return
  }
}

struct GaussianDiffusionTests {
  @Test(arguments: [BetaSchedule.linear, .cosine], [100, 1000, 4000])
  func tablesAgreeWithTheOriginal(schedule: BetaSchedule, steps: Int) throws {
    let reference = try Fixture("schedules")
    let name = "\(schedule.rawValue).\(steps)"
    let betas = schedule.betas(steps: steps)
    expectEqual(betas, reference.doubles("\(name).betas"), "betas")
    let diffusion = GaussianDiffusion(
      betas: betas, timesteps: Array(0..<steps), meanType: .epsilon, varType: .fixedSmall, rescaleTimesteps: false)
    expectEqual(diffusion.alphasCumprod, reference.doubles("\(name).alphas_cumprod"), "alphas_cumprod")
    expectEqual(diffusion.posteriorVariance, reference.doubles("\(name).posterior_variance"), "posterior_variance")
    expectEqual(
      diffusion.posteriorLogVarianceClipped, reference.doubles("\(name).posterior_log_variance_clipped"),
      "posterior_log_variance_clipped")
    expectEqual(diffusion.posteriorMeanCoef1, reference.doubles("\(name).posterior_mean_coef1"), "coef1")
    expectEqual(diffusion.posteriorMeanCoef2, reference.doubles("\(name).posterior_mean_coef2"), "coef2")
  }

  /// The schedules that the original lacks, against diffusers' and lucidrains', which hold them in float32.
  @Test func otherSchedulesAgreeWithTheirCode() throws {
    let reference = try Fixture("diffusers/default-like.schedulers")
    let linear = betas(from: 1e-4, to: 0.02, steps: 1000)
    let schedules: [(name: String, betas: [Double])] = [
      ("lucidrains-sigmoid", BetaSchedule.sigmoid.betas(steps: 1000)), ("laplace", BetaSchedule.laplace(steps: 1000)),
      ("sigmoid", sigmoidBetas(from: 1e-4, to: 0.02, steps: 1000)),
      ("scaled-linear", betas(from: 0.00085, to: 0.012, steps: 1000, inSquareRoots: true)),
      ("zero-snr-ddpm", rescaledToZeroTerminalSNR(linear)),
    ]
    for (name, betas) in schedules {
      let expected = reference.tensor("betas." + name).values.map(Double.init)
      #expect(betas.count == expected.count)
      // ᾱ, as the smallest β lose digits in float32.
      for (i, (found, bar)) in zip(cumulativeProducts(betas), cumulativeProducts(expected)).enumerated() {
        #expect(abs(found - bar) <= 3e-6, "\(name)[\(i)]: ᾱ is \(found), expected \(bar)")
      }
    }
    #expect(
      GaussianDiffusion(
        betas: rescaledToZeroTerminalSNR(linear), timesteps: Array(0..<1000), meanType: .velocity, varType: .fixedSmall,
        rescaleTimesteps: false
      ).alphasCumprod.last == 0)
  }

  @Test func thresholdingAgreesWithDiffusers() throws {
    let reference = try Fixture("diffusers/default-like.schedulers")
    let clipped = Clipping.thresholding(quantile: 0.9, maximum: 1.5)(reference.tensor("thresholding.x"))
    expectClose(clipped, reference.tensor("thresholding.out"), tolerance: 1e-6, "thresholding")
    let image = Tensor([1, 1, 1, 3], [-3, 0.5, 2])
    #expect(Clipping.none(image).values == image.values)
    #expect(Clipping.range(2)(image).values == [-2, 0.5, 2])
    // Of images within the range nothing is changed.
    #expect(Clipping.thresholding(quantile: 0, maximum: 1)(Tensor([1, 1, 1, 2], [0.2, -1])).values == [0.2, -1])
  }

  /// Thresholded DDIM is chaotic, so that each step is compared on its own, from diffusers' state and network output.
  @Test func thresholdedDDIMStepsAgreeWithDiffusers() throws {
    let reference = try Fixture("diffusers/default-like.schedulers")
    let levels = try NoiseLevels(
      betas: betas(from: 1e-4, to: 0.02, steps: 1000), steps: 10, spacing: .leading, style: .fixedStride,
      options: LevelOptions())
    let process = GaussianDiffusion(
      levels: levels, originalSteps: 1000, meanType: .epsilon, varType: .fixedSmall, rescaleTimesteps: false)
    var sampler = DDIM.info.make(SamplerParameters(keepsEpsilon: true))
    for i in 0..<10 {
      let (x, expected) = (reference.tensor("thresholded.x.\(i)"), reference.tensor("thresholded.x.\(i + 1)"))
      let output = reference.tensor("thresholded.output.\(i)")
      let context = SamplingContext(
        process: process, model: { _, _ in output }, clipping: .thresholding(quantile: 0.9, maximum: 1.5))
      let found = sampler.step(x, 9 - i, context) { Tensor(zeros: x.shape) }.x
      let largest = expected.values.map(abs).max() ?? 0
      expectClose(found, expected, tolerance: 1e-5 * largest, "step \(i)")
    }
  }

  @Test func respacedProcessesAgreeWithTheOriginal() throws {
    let reference = try Fixture("schedules")
    var compared = 0
    for name in reference.names where name.hasSuffix(".timestep_map") {
      let parts = name.split(separator: ".").map(String.init)
      let (schedule, steps, sections) = (parts[0], try #require(Int(parts[1])), parts[3])
      let timesteps = try spaceTimesteps(steps, sections: sections)
      #expect(timesteps == reference.integers(name), "\(name)")
      let diffusion = GaussianDiffusion(
        betas: try #require(BetaSchedule(rawValue: schedule)).betas(steps: steps), timesteps: timesteps,
        meanType: .epsilon, varType: .fixedSmall, rescaleTimesteps: false)
      expectEqual(
        diffusion.betas, reference.doubles(name.replacing("timestep_map", with: "betas")), "betas of \(name)")
      #expect(diffusion.timestepMap == timesteps.map(Double.init))
      compared += 1
    }
    #expect(compared == 40)
  }

  /// Upstream's single step crashes on `posterior_variance[1]`.
  @Test func singleStep() {
    for schedule in BetaSchedule.allCases {
      for total in [1, 2, 19, 1000] {
        let diffusion = GaussianDiffusion(
          betas: schedule.betas(steps: total), timesteps: [total - 1], meanType: .startX, varType: .fixedSmall,
          rescaleTimesteps: true)
        #expect(diffusion.posteriorLogVarianceClipped[0].isFinite)
        #expect(abs(diffusion.posteriorMeanCoef1[0] - 1) < 1e-12 && diffusion.posteriorMeanCoef2 == [0])
        #expect(diffusion.betas[0] > 0 && diffusion.betas[0] <= 1)
      }
    }
  }

  @Test(arguments: BetaSchedule.allCases)
  func betasOfAnyLengthAreValid(schedule: BetaSchedule) {
    for steps in Array(1...60) + [999, 1001, 10_000] {
      let betas = schedule.betas(steps: steps)
      #expect(betas.count == steps)
      #expect(betas.allSatisfy { $0 > 0 && $0 <= 0.999 }, "\(schedule) of \(steps)")
    }
  }

  @Test func timestepsAreRescaledToAThousand() {
    let betas = BetaSchedule.linear.betas(steps: 4000)
    func timestep(_ rescale: Bool) -> Float {
      GaussianDiffusion(
        betas: betas, timesteps: [0, 3999], meanType: .epsilon, varType: .fixedLarge, rescaleTimesteps: rescale
      ).modelTimestep(1)
    }
    #expect(timestep(true) == 999.75)
    #expect(timestep(false) == 3999)
  }
}
