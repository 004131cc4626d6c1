import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

struct SamplerTests {
  private static let shape = [2, 1, 3, 3]

  private func diffusion(
    _ timesteps: [Int], mean: ModelMeanType = .epsilon, variance: ModelVarType = .fixedSmall
  ) -> GaussianDiffusion {
    GaussianDiffusion(
      betas: BetaSchedule.linear.betas(steps: 1000), timesteps: timesteps, meanType: mean, varType: variance,
      rescaleTimesteps: false)
  }

  /// ᾱ at each kept timestep, straight from the definition.
  private func alphaBars(_ timesteps: [Int]) -> [Double] {
    let betas = BetaSchedule.linear.betas(steps: 1000)
    return timesteps.map { t in betas[...t].reduce(1) { $0 * (1 - $1) } }
  }

  /// A model that knows the picture finds it again, whichever way it says so.
  @Test(arguments: ModelMeanType.allCases, [0, 0.5, 1])
  func findsAKnownPicture(mean: ModelMeanType, eta: Double) {
    let timesteps = [10, 200, 400, 700, 999]
    let picture = scrambled(Self.shape, seed: 77)
    let diffusion = diffusion(timesteps, mean: mean)
    let bars = alphaBars(timesteps)
    let model: Denoiser = { x, t in
      let i = timesteps.firstIndex(of: Int(t[0]))!
      switch mean {
      case .startX: return picture
      case .epsilon:
        return x.zip(picture) { Float((Double($0) - bars[i].squareRoot() * Double($1)) / (1 - bars[i]).squareRoot()) }
      case .velocity:
        let (alpha, sigma) = (bars[i].squareRoot(), (1 - bars[i]).squareRoot())
        return x.zip(picture) { Float(alpha * (Double($0) - alpha * Double($1)) / sigma - sigma * Double($1)) }
      case .previousX:
        let (a, b) = (diffusion.posteriorMeanCoef1[i], diffusion.posteriorMeanCoef2[i])
        return x.zip(picture) { Float(b * Double($0) + a * Double($1)) }
      }
    }
    let context = SamplingContext(process: diffusion, model: model, clipping: .range(1))
    let start = scrambled(Self.shape)
    var last: SamplerState?
    for state in SamplingLoop(context, DDIM(eta: eta), from: start, noise: ScriptedNoise(shape: Self.shape)) {
      last = state
    }
    expectClose(last!.x, picture, tolerance: 2e-4, "DDIM")
    for state in SamplingLoop(context, DDPM(), from: start, noise: ScriptedNoise(shape: Self.shape)) {
      expectClose(state.predXStart, picture, tolerance: 2e-3, "predicted x₀ of DDPM")
      last = state
    }
    expectClose(last!.x, picture, tolerance: 2e-4, "DDPM")
  }

  /// One DDIM step in float64, straight from Song et al. 2021, eq. 12.
  @Test(arguments: [0, 0.3, 1])
  func ddimStepFollowsEquation12(eta: Double) {
    let bars = alphaBars([300, 600])
    let context = SamplingContext(
      process: diffusion([300, 600]), model: { x, _ in x.map { $0 * 0.9 } }, clipping: .none)
    let start = scrambled(Self.shape)
    var sampler = SamplingLoop(context, DDIM(eta: eta), from: start, noise: ScriptedNoise(shape: Self.shape))
    let state = sampler.next()!
    let noise = scrambled(Self.shape, seed: 1)
    let sigma =
      eta * ((1 - bars[0]) / (1 - bars[1])).squareRoot() * (1 - bars[1] / bars[0]).squareRoot()
    for e in 0..<start.count {
      let x = Double(start[e])
      let epsilon = Double(start[e] * 0.9)
      let xStart = (x - (1 - bars[1]).squareRoot() * epsilon) / bars[1].squareRoot()
      let expected =
        bars[0].squareRoot() * xStart + (1 - bars[0] - sigma * sigma).squareRoot() * epsilon
        + sigma * Double(noise[e])
      #expect(abs(Double(state.x[e]) - expected) < 2e-5)
    }
    #expect((state.step, state.steps, state.timestep) == (1, 2, 600))
    #expect(sampler.noise.calls == [eta == 0 ? "skip" : "next"])
  }

  /// One DDPM step in float64, straight from Ho et al. 2020, eq. 7 and algorithm 2, for each kind of variance.
  @Test(arguments: [ModelVarType.fixedSmall, .fixedLarge, .learned, .learnedRange])
  func ddpmStepFollowsAlgorithm2(variance: ModelVarType) {
    let timesteps = [300, 600, 900]
    let bars = alphaBars(timesteps)
    let channel = scrambled(Self.shape, seed: 5)
    let start = scrambled(Self.shape)
    let context = SamplingContext(
      process: diffusion(timesteps, variance: variance),
      model: { x, _ in
        let epsilon = x.map { $0 * 0.9 }
        guard variance.isLearned else { return epsilon }
        // Channels lie between pictures.
        return Tensor.stacked(
          (0..<2).map { n in
            Tensor([1, 2, 3, 3], epsilon.rows(n..<n + 1).values + channel.rows(n..<n + 1).values)
          })
      }, clipping: .none)
    var sampler = SamplingLoop(context, DDPM(), from: start, noise: ScriptedNoise(shape: Self.shape))
    let state = sampler.next()!
    let noise = scrambled(Self.shape, seed: 1)
    let beta = 1 - bars[2] / bars[1]
    let small = beta * (1 - bars[1]) / (1 - bars[2])
    for e in 0..<start.count {
      let x = Double(start[e])
      let xStart = (x - (1 - bars[2]).squareRoot() * Double(start[e] * 0.9)) / bars[2].squareRoot()
      let mean =
        bars[1].squareRoot() * beta / (1 - bars[2]) * xStart
        + (1 - beta).squareRoot() * (1 - bars[1]) / (1 - bars[2]) * x
      let v = (Double(channel[e]) + 1) / 2
      let deviation =
        switch variance {
        case .fixedSmall: small.squareRoot()
        case .fixedLarge: beta.squareRoot()
        case .learned: exp(Double(channel[e]) / 2)
        case .learnedRange: exp((v * log(beta) + (1 - v) * log(small)) / 2)
        }
      #expect(abs(Double(state.x[e]) - (mean + deviation * Double(noise[e]))) < 5e-5, "\(variance)")
    }
  }

  @Test func lastStepAddsNoNoise() {
    let context = SamplingContext(process: diffusion([0, 500]), model: { x, _ in x }, clipping: .range(1))
    var ddpm = SamplingLoop(context, DDPM(), from: scrambled(Self.shape), noise: ScriptedNoise(shape: Self.shape))
    while ddpm.next() != nil {}
    #expect(ddpm.noise.calls == ["next", "skip"])
    var ddim = SamplingLoop(context, DDIM(eta: 1), from: scrambled(Self.shape), noise: ScriptedNoise(shape: Self.shape))
    while ddim.next() != nil {}
    #expect(ddim.noise.calls == ["next", "skip"])
  }

  @Test func clipping() {
    func predicted(clip: Bool) -> Float {
      let context = SamplingContext(
        process: diffusion([500], mean: .startX), model: { x, _ in x.map { _ in 3 } },
        clipping: clip ? .range(1) : .none)
      var sampler = SamplingLoop(
        context, DDIM(eta: 0), from: scrambled(Self.shape), noise: ScriptedNoise(shape: Self.shape))
      return sampler.next()!.x[0]
    }
    #expect(abs(predicted(clip: true) - 1) < 1e-6)
    #expect(abs(predicted(clip: false) - 3) < 1e-6)
  }

  /// An η above 1 asks for more noise than there is; the result stays finite.
  @Test func largeEta() {
    let context = SamplingContext(process: diffusion([100, 500, 900]), model: { x, _ in x }, clipping: .range(1))
    for state in SamplingLoop(
      context, DDIM(eta: 3), from: scrambled(Self.shape), noise: ScriptedNoise(shape: Self.shape))
    {
      #expect(state.x.values.allSatisfy { $0.isFinite })
    }
  }
}
