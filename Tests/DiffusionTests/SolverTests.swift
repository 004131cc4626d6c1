import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

/// The solvers of the probability flow. (`DiffusersSamplerTests` compares whole runs with diffusers.)
struct SolverTests {
  private static let shape = [2, 1, 3, 3]
  private static let solvers: [any Sampler] = [
    DPMSolver(), UniPC(), Heun(), Euler(), PLMS(), DPMSolver(isSDE: true), EulerAncestral(),
  ]

  private func diffusion(_ steps: Int, _ spacing: TimestepSpacing = .linspace, mean: ModelMeanType = .startX)
    throws -> GaussianDiffusion
  {
    let betas = BetaSchedule.linear.betas(steps: 1000)
    return GaussianDiffusion(
      levels: try NoiseLevels(betas: betas, steps: steps, spacing: spacing, style: .continuous), originalSteps: 1000,
      meanType: mean, varType: .fixedSmall, rescaleTimesteps: false)
  }

  private func run(_ sampler: any Sampler, _ context: SamplingContext, from x: Tensor) -> (x: Tensor, calls: [String]) {
    var loop = SamplingLoop(context, sampler, from: x, noise: ScriptedNoise(shape: Self.shape))
    var last = x
    while let state = loop.next() { last = state.x }
    return (last, loop.noise.calls)
  }

  /// A model that knows the picture finds it again, whatever it predicts, in any number of steps.
  @Test(arguments: 0..<7, [1, 2, 3, 10])
  func findsAKnownPicture(solver: Int, steps: Int) throws {
    let picture = scrambled(Self.shape, seed: 77)
    for mean in [ModelMeanType.startX, .epsilon] {
      // PLMS keeps ε, which rounding spoils where little noise is left, and may not go far from there.
      let diffusion = try diffusion(steps, solver == 4 ? .leading : .karras, mean: mean)
      let model: Denoiser = { x, t in
        guard mean == .epsilon else { return picture }
        // The level whose timestep it is told.
        let i = diffusion.timestepMap.firstIndex { Float($0) == t[0] }!
        let bar = diffusion.alphasCumprod[i]
        return x.zip(picture) { Float((Double($0) - bar.squareRoot() * Double($1)) / (1 - bar).squareRoot()) }
      }
      let context = SamplingContext(process: diffusion, model: model, clipping: .range(1))
      expectClose(
        run(Self.solvers[solver], context, from: scrambled(Self.shape)).x, picture, tolerance: 1e-3,
        "\(Self.solvers[solver]) \(mean)")
    }
  }

  /// Where pictures are normal with deviation s, the flow is known: x / √(ᾱ s² + 1 - ᾱ) stays what it is. Errors fall
  /// with the number of steps as the order of the solver says.
  @Test(arguments: [(0, 2.0), (1, 2.0), (2, 2.0), (3, 1.0), (4, 2.0)])
  func errorsFallAsTheOrderSays(solver: Int, order: Double) throws {
    let s = 0.5
    func error(_ steps: Int) throws -> Double {
      // Even in ln σ, where the solvers are smooth, and far from the last step, which is of first order for all.
      let sigmas = (0..<steps).map { pow(20, Double($0) / Double(steps - 1)) * 0.05 }
      let bars = sigmas.map { 1 / (1 + $0 * $0) }
      let diffusion = GaussianDiffusion(
        betas: zip(bars, [1] + bars).map { 1 - $0 / $1 }, timesteps: Array(0..<steps), meanType: .startX,
        varType: .fixedSmall, rescaleTimesteps: false)
      let model: Denoiser = { x, t in
        let bar = bars[Int(t[0])]
        let factor = bar.squareRoot() * s * s / (bar * s * s + 1 - bar)
        return x.map { Float(factor) * $0 }
      }
      let context = SamplingContext(process: diffusion, model: model, clipping: .none)
      var loop = SamplingLoop(
        context, Self.solvers[solver], from: scrambled(Self.shape), noise: ScriptedNoise(shape: Self.shape))
      var last = scrambled(Self.shape)
      for _ in 1..<steps { last = loop.next()!.x }
      func deviation(_ bar: Double) -> Double { (bar * s * s + 1 - bar).squareRoot() }
      let expected = deviation(bars[0]) / deviation(bars[steps - 1])
      return abs(Double(last[0]) / Double(scrambled(Self.shape)[0]) / expected - 1)
    }
    let (coarse, fine) = (try error(21), try error(81))
    let found = log(coarse / fine) / log(4)
    #expect(found > order - 0.35 && fine < 2e-2, "order \(found), error \(fine)")
    // Those of first order are told from the others.
    if order == 1 { #expect(found < 1.35, "order \(found)") }
  }

  /// Each step draws or passes over one number, so that the steps keep theirs; what is not random draws none.
  @Test(arguments: 0..<7)
  func noiseIsCountedByStep(solver: Int) throws {
    let context = SamplingContext(
      process: try diffusion(4), model: { x, _ in x.map { 0.5 * $0 } }, clipping: .range(1))
    let calls = run(Self.solvers[solver], context, from: scrambled(Self.shape)).calls
    #expect(calls == (solver < 5 ? Array(repeating: "skip", count: 4) : ["next", "next", "next", "skip"]))
  }

  /// Ancestral steps leave as much noise as the level has: with the picture known, x - √ᾱ x₀ has the variance 1 - ᾱ.
  @Test(arguments: [5, 6])
  func ancestralStepsKeepTheVariance(solver: Int) throws {
    let shape = [1, 1, 100, 100]
    let diffusion = try diffusion(5)
    let context = SamplingContext(
      process: diffusion, model: { x, _ in x.map { _ in 0 } }, clipping: .none)
    var noise = PhiloxNoise(seed: 1, images: [0], shape: Array(shape.dropFirst()))
    let start = noise.next()
    for state in SamplingLoop(context, Self.solvers[solver], from: start, noise: noise).prefix(4) {
      let variance = state.x.values.reduce(0.0) { $0 + Double($1) * Double($1) } / 10_000
      let expected = 1 - diffusion.alphasCumprod[5 - state.step - 1]
      // Five deviations of the mean of 10,000 squares.
      #expect(abs(variance / expected - 1) < 5 * (2.0 / 10_000).squareRoot(), "step \(state.step)")
    }
  }

  /// Models that predict their variance are drawn with as well: only what they say of the picture counts.
  @Test(arguments: 0..<7)
  func learnedVarianceIsPassedOver(solver: Int) throws {
    let betas = BetaSchedule.linear.betas(steps: 1000)
    func drawn(_ variance: ModelVarType) throws -> Tensor {
      let diffusion = GaussianDiffusion(
        levels: try NoiseLevels(betas: betas, steps: 5, spacing: .linspace, style: .multistep), originalSteps: 1000,
        meanType: .epsilon, varType: variance, rescaleTimesteps: false)
      let model: Denoiser = { x, _ in
        let epsilon = x.map { 0.9 * $0 }
        guard variance.isLearned else { return epsilon }
        return Tensor.stacked(
          (0..<2).map { n in
            Tensor([1, 2, 3, 3], epsilon.rows(n..<n + 1).values + [Float](repeating: 9, count: 9))
          })
      }
      let context = SamplingContext(process: diffusion, model: model, clipping: .range(1))
      return run(Self.solvers[solver], context, from: scrambled(Self.shape)).x
    }
    #expect(try drawn(.learnedRange).values == drawn(.fixedSmall).values)
  }
}
