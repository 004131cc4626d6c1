import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

/// Processes that give their levels and their parameterization, and nothing else.
struct NoiseProcessTests {
  /// A Gaussian process without its own tables.
  private struct LevelsOnly: NoiseProcess {
    let process: GaussianDiffusion
    var count: Int { process.count }
    var parameterization: any Parameterization { process.parameterization }
    var learnsVariance: Bool { process.learnsVariance }
    func level(_ i: Int) -> NoiseLevel { process.level(i) }
    func timestep(_ i: Int) -> Double { process.timestep(i) }
  }

  private static let solvers = SamplerInfo.all.filter { $0.isDefined(for: VarianceExploding(count: 2)) }.map(\.name)
  private static let shape = [2, 1, 3, 4]

  private func gaussian(_ mean: ModelMeanType, _ variance: ModelVarType = .fixedSmall) -> GaussianDiffusion {
    GaussianDiffusion(
      betas: BetaSchedule.linear.betas(steps: 1000), timesteps: [100, 250, 400, 600, 800, 950], meanType: mean,
      varType: variance, rescaleTimesteps: true)
  }

  /// Drawn by any solver in 160 steps, 10,000 pixels have the mean and the deviation of the data to within 0.01: four
  /// standard errors of the mean, 0.0025, and of the deviation, 0.0018, beside which the errors of the solvers are
  /// small. So they have if the network predicts ε and a variance, and takes scaled pictures.
  @Test(arguments: solvers, [false, true])
  func solversSampleAProcessOfTheTests(name: String, predictsEpsilon: Bool) throws {
    let (mean, deviation) = (0.4, 0.25)
    var process = VarianceExploding(count: 160)
    if predictsEpsilon {
      process.parameterization = EpsilonParameterization()
      (process.learnsVariance, process.scalesInput) = (true, true)
    }
    let sampler = try #require(SamplerInfo.named(name)).make(SamplerParameters())
    let context = SamplingContext(
      process: process, model: process.idealModel(mean: mean, deviation: deviation), clipping: .none)
    var noise = PhiloxNoise(seed: 1, images: [0], shape: [1, 100, 100])
    let scale = sampler.initialScale(process)
    var x = noise.next().map { scale * $0 }
    for state in SamplingLoop(context, sampler, from: x, noise: noise) { x = state.x }
    let values = x.values.map(Double.init)
    let found = values.reduce(0, +) / Double(values.count)
    let spread = (values.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(values.count)).squareRoot()
    #expect(abs(found - mean) < 0.01 && abs(spread - deviation) < 0.01, "mean \(found), deviation \(spread)")
  }

  /// What follows from levels alone is what `GaussianDiffusion` computes by its tables, but for rounding; with
  /// guidance, jumps and kept pixels.
  @Test(arguments: solvers, [ModelMeanType.epsilon, .startX])
  func levelsSayWhatTheTablesSay(name: String, mean: ModelMeanType) throws {
    let info = try #require(SamplerInfo.named(name))
    let process = gaussian(mean)
    func states(_ process: some NoiseProcess) -> [SamplerState] {
      let context = SamplingContext(
        process: process, model: { x, t in x.map { 0.8 * $0 + t[0] / 5000 } }, clipping: .range(1),
        conditioner: { x, t in x.map { 0.1 * (0.5 - $0) + t[1] / 10_000 } })
      let loop = SamplingLoop(
        context, info.make(SamplerParameters()), from: scrambled(Self.shape, seed: 5),
        along: ResamplingSchedule(steps: 6, jumpLength: 2, jumpCount: 2),
        keeping: InpaintingConstraint(
          scrambled(Self.shape, seed: 77), drawnWhere: Tensor([1, 1, 3, 4], (0..<12).map { Float($0 % 2) })),
        noise: PhiloxNoise(seed: 3, images: [0, 1], shape: [1, 3, 4]))
      return Array(loop)
    }
    let (found, expected) = (states(LevelsOnly(process: process)), states(process))
    #expect(found.count == 10 && expected.count == 10)
    for (a, b) in zip(found, expected) {
      expectClose(a.x, b.x, tolerance: 1e-4, "x after \(b.step) steps")
      expectClose(a.predXStart, b.predXStart, tolerance: 1e-4, "x̂₀ of step \(b.step)")
      #expect(a.timestep == b.timestep)
    }
  }

  /// A parameterization says of a level what the process says of the step; of x_{t-1} as well, which depends on the
  /// step.
  @Test(arguments: ModelMeanType.allCases)
  func parameterizationsKnowTheLevels(mean: ModelMeanType) {
    let process = gaussian(mean)
    let (x, output) = (scrambled(Self.shape), scrambled(Self.shape, seed: 2))
    for i in 0..<process.count {
      let found = process.parameterization.xStart(from: output, x, at: process.level(i))
      let expected = process.xStart(from: output, x, step: i)
      expectClose(found, expected, tolerance: 1e-6 * max(1, expected.largestMagnitude), "step \(i)")
    }
    let names: [ModelMeanType: String] = [.previousX: "xprev", .startX: "xstart", .epsilon: "epsilon", .velocity: "v"]
    #expect(process.parameterization.name == names[mean])
  }

  /// ε and x₀ follow from each other, by tables and by levels.
  @Test func noiseAndPictureFollowFromEachOther() {
    let process = gaussian(.epsilon)
    let (x, xStart) = (scrambled(Self.shape), scrambled(Self.shape, seed: 2))
    func expectReturn(_ process: some NoiseProcess) {
      for i in 0..<process.count {
        let (level, epsilon) = (process.level(i), process.epsilon(xStart: xStart, x, step: i))
        for e in 0..<x.count {
          let expected = (Double(x[e]) - level.alpha * Double(xStart[e])) / level.sigma
          #expect(abs(Double(epsilon[e]) - expected) < 1e-5)
        }
        expectClose(process.xStart(epsilon: epsilon, x, step: i), xStart, tolerance: 1e-5, "step \(i)")
      }
    }
    expectReturn(process)
    expectReturn(LevelsOnly(process: process))
  }

  /// Guidance moves x̂₀ by σ² / α · g, since ε loses σ·g, whatever the process; it is asked at x_t and at the level.
  @Test func guidanceFollowsFromLevels() {
    let process = VarianceExploding(count: 20)
    let g = scrambled(Self.shape, seed: 3)
    let context = SamplingContext(
      process: process, model: process.idealModel(mean: 0, deviation: 1), clipping: .none,
      conditioner: { x, conditioning in
        #expect(conditioning == [process.level(9).conditioning, process.level(9).conditioning])
        expectClose(x, scrambled(Self.shape), tolerance: 0)
        return g
      })
    let (x, sigma) = (scrambled(Self.shape), process.level(9).sigma)
    let found = context.xStart(x, step: 9)
    for e in 0..<x.count {
      let expected = Double(x[e]) / (1 + sigma * sigma) + sigma * sigma * Double(g[e])
      #expect(abs(Double(found[e]) - expected) < 1e-5)
    }
  }

  /// Noise is added up to a level's: from a picture as `qSample` adds it, and from the levels between.
  @Test func noiseIsAdded() {
    let (x, z) = (scrambled(Self.shape), scrambled(Self.shape, seed: 2))
    let exploding = VarianceExploding(count: 20)
    for (i, j) in [(-1, 0), (-1, 19), (0, 1), (3, 12)] {
      let found = exploding.noised(x, from: i, to: j, noise: z)
      let (low, high) = (exploding.level(i).sigma, exploding.level(j).sigma)
      for e in 0..<x.count {
        let expected = Double(x[e]) + (high * high - low * low).squareRoot() * Double(z[e])
        #expect(abs(Double(found[e]) - expected) < 1e-5 * max(1, high), "from \(i) to \(j)")
      }
    }
    let process = gaussian(.epsilon)
    for j in 0..<process.count {
      let expected = process.qSample(x, steps: [j, j], noise: z)
      #expect(process.noised(x, from: -1, to: j, noise: z).values == expected.values)
      expectClose(LevelsOnly(process: process).noised(x, from: -1, to: j, noise: z), expected, tolerance: 1e-6)
    }
  }

  /// x_T is as large as noise and a picture of deviation 1 are together: exactly 1 in the original's processes.
  /// EDM's levels of iDDPM's timesteps: each below the one before, none without noise.
  @Test func levelsOfIDDPM() throws {
    let diffusion = ContinuousDiffusion(.edmIDDPM)
    #expect(diffusion.nearest(0) == diffusion.sigmaMin && diffusion.level(diffusion.sigmaMin).conditioning == 0)
    #expect(abs(diffusion.sigmaMin - 0.006422337144613266) < 1e-9)
    for count in [1, 18, 100, 256] {
      let sigmas = try diffusion.sigmas(steps: count)
      #expect(zip(sigmas, sigmas.dropFirst()).allSatisfy { $0 > $1 } && sigmas.count <= count)
      #expect(count == 1 || sigmas.last == diffusion.sigmaMin)
      #expect(sigmas.allSatisfy { diffusion.level($0).conditioning.rounded() == diffusion.level($0).conditioning })
    }
    #expect(try diffusion.sigmas(steps: 18).count == 18)
  }

  @Test func initialScales() throws {
    for schedule in BetaSchedule.allCases {
      for last in 0..<1000 {
        let process = GaussianDiffusion(
          betas: schedule.betas(steps: 1000), timesteps: [last], meanType: .epsilon, varType: .fixedSmall,
          rescaleTimesteps: false)
        for sampler in [DDPM(), DDIM(), DPMSolver(), UniPC(), PLMS()] as [any Sampler] {
          #expect(sampler.initialScale(process) == 1)
        }
        #expect(Euler().initialScale(process) == Float((1 - process.alphasCumprod[0]).squareRoot()))
      }
    }
    let exploding = VarianceExploding(count: 10)
    #expect(Heun().initialScale(exploding) == 80 && EulerAncestral().initialScale(exploding) == 80)
    #expect(abs(UniPC().initialScale(exploding) - Float(6401).squareRoot()) < 1e-4)
  }
}
