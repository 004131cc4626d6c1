import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

struct DDIMInversionTests {
  private static let shape = [2, 1, 3, 3]

  private func diffusion(_ timesteps: [Int], mean: ModelMeanType = .epsilon) -> GaussianDiffusion {
    GaussianDiffusion(
      betas: BetaSchedule.linear.betas(steps: 1000), timesteps: timesteps, meanType: mean, varType: .fixedSmall,
      rescaleTimesteps: false)
  }

  /// ᾱ at each kept timestep, straight from the definition.
  private func alphaBars(_ timesteps: [Int]) -> [Double] {
    let betas = BetaSchedule.linear.betas(steps: 1000)
    return timesteps.map { t in betas[...t].reduce(1) { $0 * (1 - $1) } }
  }

  /// Each step in float64 from the one before, x_{t+1} = √ᾱ_{t+1}·x₀ + √(1 - ᾱ_{t+1})·ε with x₀ and ε of step t, which
  /// also says which timestep the model is asked about; behind the last, ᾱ is 0. Clipping changes ε, unless that is
  /// kept.
  @Test(arguments: [false, true], [false, true])
  func stepsFollowTheEquation(clips: Bool, keeps: Bool) {
    let timesteps = [100, 300, 600]
    let bars = alphaBars(timesteps)
    var asked: [Float] = []
    let context = SamplingContext(
      process: diffusion(timesteps),
      model: { x, t in
        asked.append(t[0])
        return x.map { $0 * 0.9 - 1.5 }
      }, clipping: clips ? .range(1) : .none)
    var x = scrambled(Self.shape)
    var isClipped = false
    for (i, found) in DDIMInversion(context, from: x, keepsEpsilon: keeps).enumerated() {
      let (bar, next) = (bars[i], i + 1 < bars.count ? bars[i + 1] : 0)
      for e in 0..<x.count {
        let said = Double(x[e]) * 0.9 - 1.5
        var xStart = (Double(x[e]) - (1 - bar).squareRoot() * said) / bar.squareRoot()
        if clips && abs(xStart) > 1 {
          isClipped = true
          xStart = xStart > 0 ? 1 : -1
        }
        let epsilon = keeps ? said : (Double(x[e]) - bar.squareRoot() * xStart) / (1 - bar).squareRoot()
        let expected = next.squareRoot() * xStart + (1 - next).squareRoot() * epsilon
        #expect(abs(Double(found[e]) - expected) < 2e-5, "step \(i), element \(e)")
      }
      x = found
    }
    #expect(asked == [100, 300, 600])
    #expect(isClipped == clips)
  }

  /// A model that knows the picture sees one noise in it at all steps, which is x_T, and draws the picture again.
  @Test func aKnownPictureComesBack() throws {
    let timesteps = [10, 200, 400, 700, 999]
    let bar = alphaBars(timesteps)[0]
    let picture = scrambled(Self.shape, seed: 77)
    let context = SamplingContext(
      process: diffusion(timesteps, mean: .startX), model: { _, _ in picture }, clipping: .range(1))
    let states = Array(DDIMInversion(context, from: picture))
    #expect(states.count == 5)
    let z = try #require(states.last)
    expectClose(
      z, picture.map { Float((1 - bar.squareRoot()) / (1 - bar).squareRoot() * Double($0)) }, tolerance: 2e-5, "x_T")
    let noise = PhiloxNoise(seed: 0, images: 0..<2, shape: [1, 3, 3])
    var drawn = z
    for state in SamplingLoop(context, DDIM(), from: z, noise: noise) { drawn = state.x }
    expectClose(drawn, picture, tolerance: 1e-5, "drawn again")
  }

  /// Of normally distributed data of deviation s the best ε is known in closed form, and depends on x:
  /// ε = √(1 - ᾱ)·x / (ᾱ·s² + 1 - ᾱ). What is drawn again comes the nearer to what was encoded the finer the steps are,
  /// and x_T is as large as noise is.
  @Test func finerStepsComeNearer() throws {
    let deviation = 0.5
    func error(steps: Int) throws -> Double {
      let timesteps = try DiffusionCore.timesteps(1000, steps: steps, isDDIM: true)
      let bars = alphaBars(timesteps)
      let context = SamplingContext(
        process: diffusion(timesteps),
        model: { x, t in
          let bar = bars[timesteps.firstIndex(of: Int(t[0]))!]
          return x.map { Float((1 - bar).squareRoot() * Double($0) / (bar * deviation * deviation + 1 - bar)) }
        }, clipping: .none)
      // A picture of the deviation of the data becomes noise of deviation 1.
      let picture = Tensor([1, 1, 1, 2], [Float(deviation), Float(-deviation)])
      var z = picture
      for next in DDIMInversion(context, from: picture) { z = next }
      #expect(abs(abs(z[0]) - 1) < 0.2, "\(steps) steps: x_T is \(z[0])")
      var drawn = z
      for state in SamplingLoop(
        context, DDIM(), from: z, noise: PhiloxNoise(seed: 0, images: 0..<1, shape: [1, 1, 2]))
      { drawn = state.x }
      return abs(Double(drawn[0]) - deviation)
    }
    let (coarse, fine) = (try error(steps: 20), try error(steps: 200))
    #expect(fine < coarse / 3, "\(coarse), \(fine)")
    #expect(fine < 0.02)
  }
}
