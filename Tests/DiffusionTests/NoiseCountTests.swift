import DiffusionCore
import TensorCore
import TestSupport
import Testing

/// The loop counts the draws of noise, not the sampler.
struct NoiseCountTests {
  private static let shape = [1, 1, 2, 2]
  private static var context: SamplingContext {
    SamplingContext(
      process: GaussianDiffusion(
        betas: BetaSchedule.linear.betas(steps: 1000), timesteps: [50, 200, 400, 600, 800], meanType: .startX,
        varType: .fixedSmall, rescaleTimesteps: false), model: { x, _ in x }, clipping: .range(1))
  }

  /// Draws tensors that hold the draw's number, from 1.
  private struct Numbers: NoiseSource {
    var draw: Float = 0

    mutating func next() -> Tensor {
      draw += 1
      return Tensor(NoiseCountTests.shape, [Float](repeating: draw, count: 4))
    }

    mutating func skip() { draw += 1 }
  }

  /// Draws so many times at each step, and says in place of x̂₀ what came first.
  private struct Drawing: Sampler {
    let drawsPerStep: Int
    let draws: [Int]

    func step(
      _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
    ) -> (x: Tensor, predXStart: Tensor) {
      let drawn = (0..<draws[i]).map { _ in noise() }
      return (x, drawn.first ?? x.map { _ in 0 })
    }
  }

  private func run(_ sampler: Drawing, jumps: Bool = false) -> (first: [Float], draws: Float) {
    let known = InpaintingConstraint(scrambled(Self.shape), drawnWhere: Tensor([1, 1, 2, 2], [0, 1, 1, 1]))
    var loop = SamplingLoop(
      Self.context, sampler, from: scrambled(Self.shape),
      along: jumps ? ResamplingSchedule(steps: 5, jumpLength: 2, jumpCount: 2) : nil, keeping: jumps ? known : nil,
      noise: Numbers())
    var first: [Float] = []
    while let state = loop.next() { first.append(state.predXStart[0]) }
    return (first, loop.noise.draw)
  }

  /// Step s draws number s, whatever the steps before have drawn.
  @Test func unusedDrawsAreCounted() {
    let all = run(Drawing(drawsPerStep: 1, draws: [1, 1, 1, 1, 1]))
    #expect(all.first == [1, 2, 3, 4, 5] && all.draws == 5)
    let some = run(Drawing(drawsPerStep: 1, draws: [1, 0, 1, 0, 0]))
    #expect(some.first == [0, 0, 3, 0, 5] && some.draws == 5)
  }

  /// So with more than one draw a step, and with none.
  @Test func samplersDeclareTheirDraws() {
    let two = run(Drawing(drawsPerStep: 2, draws: [2, 1, 0, 2, 1]))
    #expect(two.first == [1, 3, 0, 7, 9] && two.draws == 10)
    let none = run(Drawing(drawsPerStep: 0, draws: [0, 0, 0, 0, 0]))
    #expect(none.first == [0, 0, 0, 0, 0] && none.draws == 0)
  }

  /// A jump takes a draw before its step, and kept pixels take one after each step but the last: steps 4, 3, 2, 1 lead
  /// to level 0, or 2 in the first stretch, from which jumps lead back up by 2.
  @Test func jumpsAndKeptPixelsTakeTheirOwn() {
    let path = ResamplingSchedule(steps: 5, jumpLength: 2, jumpCount: 2)
    #expect(path.levels == [4, 3, 2, 4, 3, 2, 1, 0, 2, 1, 0, -1])
    let one = run(Drawing(drawsPerStep: 1, draws: [1, 1, 1, 1, 1]), jumps: true)
    #expect(one.first == [1, 3, 6, 8, 10, 12, 15, 17, 19] && one.draws == 19)
    // The same numbers where steps 1 and 3 draw nothing.
    let some = run(Drawing(drawsPerStep: 1, draws: [1, 0, 1, 0, 1]), jumps: true)
    #expect(some.first == [1, 0, 6, 0, 10, 0, 15, 0, 19] && some.draws == 19)
  }

  /// A sampler that draws more than it declares would take the draws of later steps; the loop stops it.
  @Test func drawingMoreThanDeclaredTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = NoiseCountTests().run(Drawing(drawsPerStep: 1, draws: [0, 0, 0, 0, 2]))
    }
    await #expect(processExitsWith: .success) {
      _ = NoiseCountTests().run(Drawing(drawsPerStep: 2, draws: [0, 0, 0, 0, 2]))
    }
  }

  /// So does one that needs the original's tables, on a process that has none.
  @Test func samplersOfTheOriginalTrapElsewhere() async {
    await #expect(processExitsWith: .failure) {
      let process = VarianceExploding(count: 3)
      let context = SamplingContext(
        process: process, model: process.idealModel(mean: 0, deviation: 1), clipping: .none)
      var loop = SamplingLoop(context, DDPM(), from: scrambled(NoiseCountTests.shape), noise: Numbers())
      _ = loop.next()
    }
  }
}
