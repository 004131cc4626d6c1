import DiffusionCore
import TensorCore
import TestSupport
import Testing

/// Drawing from a picture, and around what is kept of one.
struct KnownRegionTests {
  private static let timesteps = [20, 200, 400, 600, 800, 990]
  private static let shape = [2, 1, 3, 4]
  private static let diffusion = GaussianDiffusion(
    betas: BetaSchedule.linear.betas(steps: 1000), timesteps: timesteps, meanType: .epsilon, varType: .fixedSmall,
    rescaleTimesteps: false)
  /// The left half is kept.
  private static let mask = Tensor([1, 1, 3, 4], [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1])
  private static let picture = scrambled(shape, seed: 77)
  private let context = SamplingContext(
    process: diffusion, model: { x, t in x.map { 0.8 * $0 + t[0] / 5000 } }, clipping: .none)

  /// ᾱ of each step, straight from the definition; 1 without noise.
  private func alphaBar(_ i: Int) -> Double {
    i < 0 ? 1 : BetaSchedule.linear.betas(steps: 1000)[...Self.timesteps[i]].reduce(1) { $0 * (1 - $1) }
  }

  /// Hands out tensors of known values, one after the other.
  private struct ScriptedNoise: NoiseSource {
    var draws = 0

    mutating func next() -> Tensor {
      draws += 1
      return Self.draw(draws)
    }

    mutating func skip() { draws += 1 }

    static func draw(_ number: Int) -> Tensor { scrambled(KnownRegionTests.shape, seed: UInt64(1000 + number)) }
  }

  /// Algorithm 1 of Lugmayr et al. 2022 along the times of their code, in float64.
  @Test(arguments: [(6, 2, 3), (6, 1, 2), (6, 3, 1), (4, 2, 2)])
  func isAlgorithm1(steps: Int, length: Int, count: Int) {
    let start = scrambled(Self.shape, seed: 5)
    var loop = SamplingLoop(
      context, DDPM(), from: start, along: ResamplingSchedule(steps: steps, jumpLength: length, jumpCount: count),
      keeping: InpaintingConstraint(Self.picture, drawnWhere: Self.mask), noise: ScriptedNoise())

    var x = start.values.map(Double.init)
    let (x0, m) = (Self.picture.values.map(Double.init), Self.mask.values + Self.mask.values)
    var draws = 0
    func draw() -> [Double] {
      draws += 1
      return ScriptedNoise.draw(draws).values.map(Double.init)
    }
    func denoise(_ i: Int) {
      let (now, before) = (alphaBar(i), alphaBar(i - 1))
      let beta = 1 - now / before
      let z =
        i > 0
        ? draw()
        : {
          draws += 1; return x.map { _ in 0 }
        }()
      let epsilon = i > 0 ? draw() : x.map { _ in 0 }
      for e in x.indices {
        let predicted = 0.8 * x[e] + Double(Self.timesteps[i]) / 5000
        let xStart = (x[e] - (1 - now).squareRoot() * predicted) / now.squareRoot()
        let mean =
          before.squareRoot() * beta / (1 - now) * xStart
          + (1 - beta).squareRoot() * (1 - before) / (1 - now) * x[e]
        let unknown = mean + (beta * (1 - before) / (1 - now)).squareRoot() * z[e]
        let known = before.squareRoot() * x0[e] + (1 - before).squareRoot() * epsilon[e]
        x[e] = m[e] == 0 ? known : unknown
      }
    }
    func noise(_ i: Int, by length: Int) {
      // The steps between, merged: the product of √(1 - β), and what is missing to a variance of 1.
      let kept = (1...length).reduce(1.0) { $0 * alphaBar(i + $1) / alphaBar(i + $1 - 1) }
      let z = draw()
      for e in x.indices { x[e] = kept.squareRoot() * x[e] + (1 - kept).squareRoot() * z[e] }
    }

    var left = [Int: Int](
      uniqueKeysWithValues: stride(from: 0, to: steps - length, by: length).map { ($0, count - 1) })
    var (t, denoised) = (steps - 1, 0)
    while true {
      denoise(t)
      denoised += 1
      let state = loop.next()!
      expectClose(state.x, Tensor(Self.shape, x.map { Float($0) }), tolerance: 1e-4, "step \(denoised)")
      #expect(state.step == denoised && state.timestep == Double(Self.timesteps[t]))
      t -= 1
      if t < 0 { break }
      if let jumps = left[t], jumps > 0 {
        left[t] = jumps - 1
        noise(t, by: length)
        t += length
      }
    }
    #expect(loop.next() == nil)
    #expect(loop.noise.draws == draws)
  }

  private static let samplers: [any Sampler] = [
    DDIM(), DDIM(eta: 1), DDPM(), DPMSolver(), DPMSolver(isSDE: true), UniPC(), Heun(), Euler(), EulerAncestral(),
    PLMS(),
  ]

  /// Bit for bit, whatever the sampler; and what is drawn is drawn.
  @Test(arguments: samplers.indices) func keepsPixels(_ index: Int) {
    let sampler = Self.samplers[index]
    var last = SamplerState?.none
    for state in SamplingLoop(
      context, sampler, from: scrambled(Self.shape, seed: 5),
      along: ResamplingSchedule(steps: 6, jumpLength: 2, jumpCount: 2),
      keeping: InpaintingConstraint(Self.picture, drawnWhere: Self.mask), noise: ScriptedNoise())
    { last = state }
    let (found, expected) = (last!.x.values, Self.picture.values)
    for e in found.indices {
      #expect(found[e].isFinite)
      #expect((found[e] == expected[e]) == (Self.mask[e % 12] == 0), "\(sampler), element \(e)")
    }
    #expect(last!.step == 10 && last!.steps == 10)
  }

  /// An image is the same alone and among others, with all the draws that jumps and kept pixels take.
  @Test(arguments: samplers.indices) func doesNotDependOnTheBatch(_ index: Int) {
    let shape = [1, 3, 4]
    func draw(_ images: [Int]) -> Tensor {
      var noise = PhiloxNoise(seed: 3, images: images, shape: shape)
      let start = noise.next()
      let pictures = Tensor.stacked(images.map { scrambled([1] + shape, seed: UInt64($0)) })
      var x = start
      for state in SamplingLoop(
        context, Self.samplers[index], from: start, along: ResamplingSchedule(steps: 6, jumpLength: 2, jumpCount: 2),
        keeping: InpaintingConstraint(pictures, drawnWhere: Self.mask), noise: noise)
      { x = state.x }
      return x
    }
    let together = draw([4, 5, 6])
    #expect(together.rows(1..<2).values == draw([5]).values)
    #expect(together.rows(2..<3).values == draw([6]).values)
    #expect(together.rows(1..<2).values != together.rows(2..<3).values)
  }

  /// Remembers how many steps it has made since it was new.
  private struct Counting: Sampler {
    var made = 0

    mutating func step(
      _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
    ) -> (x: Tensor, predXStart: Tensor) {
      made += 1
      let number = Float(made)
      return (x, x.map { _ in number })
    }
  }

  /// Behind a jump a sampler knows nothing of the steps before.
  @Test func samplersBeginAfresh() {
    let loop = SamplingLoop(
      context, Counting(), from: scrambled(Self.shape),
      along: ResamplingSchedule(steps: 6, jumpLength: 3, jumpCount: 2),
      noise: ScriptedNoise())
    // Steps 5 to 1 lead to level 0; the jump leads from there to level 3.
    #expect(loop.map { $0.predXStart[0] } == [1, 2, 3, 4, 5, 1, 2, 3, 4])
    #expect(loop.map { $0.timestep } == [990, 800, 600, 400, 200, 600, 400, 200, 20])
  }

  /// A model that knows the picture finds it from whichever step it starts at, and DDIM without new noise is in one
  /// step where it says.
  @Test(arguments: [1, 3, 6]) func startsFromAPicture(steps: Int) {
    let knowing = SamplingContext(
      process: Self.diffusion,
      model: { x, t in
        let bar = alphaBar(Self.timesteps.firstIndex(of: Int(t[0]))!)
        return x.zip(Self.picture) { Float((Double($0) - bar.squareRoot() * Double($1)) / (1 - bar).squareRoot()) }
      }, clipping: .none)
    let noise = ScriptedNoise.draw(9)
    let start = Self.diffusion.qSample(Self.picture, steps: [steps - 1, steps - 1], noise: noise)
    let bar = alphaBar(steps - 1)
    for e in 0..<start.count {
      let expected = bar.squareRoot() * Double(Self.picture[e]) + (1 - bar).squareRoot() * Double(noise[e])
      #expect(abs(Double(start[e]) - expected) < 1e-5)
    }
    var states: [SamplerState] = []
    for state in SamplingLoop(
      knowing, DDIM(), from: start, along: ResamplingSchedule(steps: steps), noise: ScriptedNoise())
    {
      states.append(state)
    }
    #expect(states.map(\.timestep) == Self.timesteps.prefix(steps).reversed().map(Double.init))
    expectClose(states[steps - 1].x, Self.picture, tolerance: 2e-4)
    // One step of DDIM keeps ε and lowers its share.
    let next = alphaBar(steps - 2)
    let expected = Self.picture.zip(noise) { Float(next.squareRoot()) * $0 + Float((1 - next).squareRoot()) * $1 }
    expectClose(states[0].x, expected, tolerance: 2e-4)
  }

  /// What a whole run starts from is what it was before there were paths.
  @Test func withoutAPathAllStepsAreTaken() {
    let states = Array(
      SamplingLoop(context, DDIM(), from: scrambled(Self.shape), noise: ScriptedNoise()))
    #expect(states.map(\.timestep) == [990, 800, 600, 400, 200, 20])
    #expect(states.map(\.step) == [1, 2, 3, 4, 5, 6] && states.allSatisfy { $0.steps == 6 })
  }
}
