import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionCore

struct ClassifierGuidanceTests {
  private let shape = [2, 1, 3, 3]

  private func diffusion(_ varType: ModelVarType) -> GaussianDiffusion {
    GaussianDiffusion(
      betas: BetaSchedule.linear.betas(steps: 1000), timesteps: [100, 500, 900], meanType: .epsilon, varType: varType,
      rescaleTimesteps: false)
  }

  /// A noise source that draws the same numbers each time.
  private struct FixedNoise: NoiseSource {
    let value: Tensor
    mutating func next() -> Tensor { value }
    mutating func skip() {}
  }

  /// DDPM: the mean moves by the variance times the gradient, which is that of x_t at the step's timestep.
  @Test(arguments: [ModelVarType.fixedSmall, .fixedLarge, .learnedRange])
  func meanShift(varType: ModelVarType) {
    let process = diffusion(varType)
    let (x, z) = (scrambled(shape), scrambled(shape, seed: 5))
    let g = scrambled(shape, seed: 3)
    var seen: [Float] = []
    func model(_ x: Tensor, _ t: [Float]) -> Tensor {
      let epsilon = x.map { 0.3 * $0 }
      return varType.isLearned ? epsilon.joiningChannels(x.map { 0.5 * $0 }) : epsilon
    }
    func first(_ conditioner: Conditioner?) -> Tensor {
      var sampler = SamplingLoop(
        SamplingContext(process: process, model: model, clipping: .range(1), conditioner: conditioner), DDPM(),
        from: x,
        noise: FixedNoise(value: z))
      return sampler.next()!.x
    }
    let plain = first(nil)
    let guided = first { _, t in
      seen = t
      return g
    }
    #expect(seen == [900, 900])
    for i in 0..<x.count {
      let (low, high) = (process.posteriorLogVarianceClipped[2], log(process.betas[2]))
      let variance: Double =
        switch varType {
        case .fixedSmall: exp(low)
        case .fixedLarge: exp(high)
        default: exp(low + (0.5 * Double(x[i]) + 1) / 2 * (high - low))
        }
      #expect(abs(Double(guided[i] - plain[i]) - variance * Double(g[i])) <= 1e-5)
    }
  }

  /// DDIM: ε loses √(1 - ᾱ) times the gradient, and x₀ follows from it.
  @Test func scoreCorrection() {
    let process = diffusion(.fixedLarge)
    let (x, g) = (scrambled(shape), scrambled(shape, seed: 3).map { 0.1 * $0 })
    var sampler = SamplingLoop(
      SamplingContext(
        process: process, model: { x, _ in x.map { 0.3 * $0 } }, clipping: .none, conditioner: { _, _ in g }),
      DDIM(), from: x, noise: FixedNoise(value: x))
    let state = sampler.next()!
    let (bar, barPrev) = (process.alphasCumprod[2], process.alphasCumprodPrev[2])
    for i in 0..<x.count {
      let epsilon = 0.3 * Double(x[i]) - (1 - bar).squareRoot() * Double(g[i])
      let xStart = (Double(x[i]) - (1 - bar).squareRoot() * epsilon) / bar.squareRoot()
      #expect(abs(Double(state.predXStart[i]) - xStart) <= 1e-4 * max(1, abs(xStart)))
      let expected = barPrev.squareRoot() * xStart + (1 - barPrev).squareRoot() * epsilon
      #expect(abs(Double(state.x[i]) - expected) <= 1e-4 * max(1, abs(expected)))
    }
  }
}
