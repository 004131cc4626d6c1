import DiffusionCore
import TensorCore
import TestSupport
import Testing

/// The table of samplers.
struct SamplerInfoTests {
  /// A sampler that no module knows of, written with what is public: goes on along x̂₀ and the noise that it implies,
  /// as Euler's method does.
  private struct Straight: Sampler {
    let eta: Double

    func step(
      _ x: Tensor, _ i: Int, _ context: SamplingContext, noise: () -> Tensor
    ) -> (x: Tensor, predXStart: Tensor) {
      let xStart = context.xStart(x, step: i)
      let epsilon = context.process.epsilon(xStart: xStart, x, step: i)
      let level = context.process.level(i - 1)
      let (alpha, sigma) = (Float(level.alpha), Float(level.sigma))
      return (xStart.zip(epsilon) { alpha * $0 + sigma * $1 }, xStart)
    }

    static let info = SamplerInfo(
      name: "straight", title: "Straight", summary: "a sampler of the tests", defaultSpacing: .linspace,
      spacingStyle: .continuous, parameters: [.eta]
    ) { Straight(eta: $0.eta ?? 0.5) }
  }

  private static let shape = [2, 1, 3, 3]
  private static let process = GaussianDiffusion(
    betas: BetaSchedule.linear.betas(steps: 1000), timesteps: [50, 200, 400, 600, 800, 950], meanType: .startX,
    varType: .fixedSmall, rescaleTimesteps: false)

  private static let edm = ContinuousProcess(ContinuousDiffusion(.edm), sigmas: [80, 40, 20, 5, 1, 0.1])

  private static let exploding = ContinuousProcess(ContinuousDiffusion(.ve), sigmas: [50, 40, 20, 5, 1, 0.1])

  /// A process that a sampler is tried on.
  private static func process(of info: SamplerInfo) -> any NoiseProcess {
    [process, edm, exploding].first(where: info.isDefined) ?? edm
  }

  @Test func names() throws {
    #expect(
      SamplerInfo.all.map(\.name) == [
        "ddim", "ddpm", "dpmpp-2m", "dpmpp-2m-sde", "unipc", "heun", "euler", "euler-a", "plms", "dpm",
        "pc", "onestep", "multistep",
      ])
    for info in SamplerInfo.all {
      #expect(SamplerInfo.named(info.name)?.title == info.title)
      #expect(!info.summary.isEmpty && !info.summary.contains("\n"))
    }
    #expect(SamplerInfo.named("UniPC") == nil && SamplerInfo.named("") == nil)
    #expect(try #require(SamplerInfo.named("dpmpp-2m-sde")).title == "SDE-DPM-Solver++(2M)")
    #expect(SamplerInfo.all.filter { $0.parameters.contains(.eta) }.map(\.name) == ["ddim"])
  }

  @Test func defaults() {
    #expect(SamplerInfo.all.map(\.defaultSteps) == [50, 50, 50, 50, 20, 50, 50, 50, 50, 50, 2000, 1, 2])
    #expect(
      SamplerInfo.all.map(\.defaultSpacing) == [
        nil, nil, .linspace, .linspace, .linspace, .leading, .linspace, .linspace, .leading, nil,
        nil, nil, nil,
      ])
    #expect(
      SamplerInfo.all.map(\.spacingStyle) == [
        .fixedStride, .integerTimesteps, .multistep, .multistep, .multistep, .continuous, .continuous, .continuous,
        .fixedStride, .continuous, .continuous, .continuous, .continuous,
      ])
  }

  /// DDPM and DDIM need the original's tables, consistency models their own samplers, and what divides by α an image at
  /// every level.
  @Test func processes() {
    func undefined(_ process: any NoiseProcess) -> [String] {
      SamplerInfo.all.filter { !$0.isDefined(for: process) }.map(\.name)
    }
    let consistency = ["onestep", "multistep"]
    #expect(undefined(Self.process) == ["dpm", "pc"] + consistency)
    #expect(undefined(VarianceExploding(count: 3)) == ["ddim", "ddpm", "dpm", "pc"] + consistency)
    for form in [ContinuousDiffusion.Form.edm, .edmVP, .edmVE, .edmIDDPM, .ve] {
      let process = ContinuousProcess(ContinuousDiffusion(form), sigmas: [80, 1])
      #expect(undefined(process) == ["ddim", "ddpm"] + (form == .ve ? [] : ["pc"]) + consistency)
    }
    let model = ContinuousProcess(ContinuousDiffusion(.consistency), sigmas: [80])
    #expect(undefined(model) == SamplerInfo.all.map(\.name).filter { !consistency.contains($0) })
    for form in [ContinuousDiffusion.Form.flow, .rectifiedFlow] {
      let flow = ContinuousProcess(ContinuousDiffusion(form), sigmas: [1, 0.5])
      #expect(undefined(flow) == SamplerInfo.all.map(\.name).filter { $0 != "euler" && $0 != "heun" })
    }
  }

  /// The network is evaluated as often as the table says, in stretches that end in a picture and in those that do not.
  @Test(arguments: SamplerInfo.all.map(\.name))
  func evaluationsAreCounted(name: String) throws {
    let info = try #require(SamplerInfo.named(name))
    for steps in 1...(info.mostSteps ?? 6) {
      for path in [ResamplingSchedule(steps: steps), ResamplingSchedule(steps: steps, jumpLength: 2, jumpCount: 2)] {
        var calls = 0
        let context = SamplingContext(
          process: Self.process(of: info),
          model: { x, _ in
            calls += 1
            return x.map { 0.5 * $0 }
          }, clipping: .range(1))
        var loop = SamplingLoop(
          context, info.make(SamplerParameters()), from: scrambled(Self.shape), along: path,
          noise: ScriptedNoise(shape: Self.shape))
        while loop.next() != nil {}
        let expected = path.stretches.enumerated().map {
          info.modelEvaluations(of: Self.process(of: info), steps: $1, endsInPicture: $0 == path.stretches.count - 1)
        }
        #expect(calls == expected.reduce(0, +), "\(steps) steps, \(path.stretches)")
      }
    }
  }

  /// Parameters reach the sampler: η draws noise, and ε is kept or not where clipping changes it.
  @Test func parametersReachTheSampler() throws {
    let ddim = try #require(SamplerInfo.named("ddim"))
    func run(_ parameters: SamplerParameters) -> (x: Tensor, calls: [String]) {
      let context = SamplingContext(process: Self.process, model: { x, _ in x.map { 3 * $0 } }, clipping: .range(1))
      var loop = SamplingLoop(
        context, ddim.make(parameters), from: scrambled(Self.shape), noise: ScriptedNoise(shape: Self.shape))
      return (loop.next()!.x, loop.noise.calls)
    }
    #expect(run(SamplerParameters()).calls == ["skip"])
    #expect(run(SamplerParameters(eta: 1)).calls == ["next"])
    #expect(run(SamplerParameters(keepsEpsilon: true)).x.values != run(SamplerParameters()).x.values)
  }

  /// A sampler of somebody else's stands in a table beside the others, is found by name, and is driven by the loop.
  @Test func samplersOfOthersStandBesideThem() throws {
    let table = SamplerInfo.all + [Straight.info]
    let info = try #require(SamplerInfo.named("straight", among: table))
    #expect(SamplerInfo.named("straight") == nil)
    #expect(SamplerInfo.named("heun", among: table)?.title == "Heun")
    #expect((info.make(SamplerParameters(eta: 0.25)) as? Straight)?.eta == 0.25)
    #expect(info.modelEvaluations(of: Self.process, steps: 7) == 7 && info.isDefined(for: VarianceExploding(count: 3)))

    let context = SamplingContext(process: Self.process, model: { x, _ in x.map { 0.5 * $0 } }, clipping: .range(1))
    func run(_ sampler: any Sampler) -> SamplingLoop<ScriptedNoise> {
      SamplingLoop(context, sampler, from: scrambled(Self.shape), noise: ScriptedNoise(shape: Self.shape))
    }
    for (found, expected) in zip(run(info.make(SamplerParameters())), run(Euler())) {
      expectClose(found.x, expected.x, tolerance: 1e-5, "step \(expected.step)")
    }
  }
}
