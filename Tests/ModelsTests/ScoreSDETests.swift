import DiffusionCore
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionModels

/// Networks of score_sde_pytorch, against its own code's outputs (Tests/Fixtures/families/score_sde/score_sde.py).
struct ScoreSDETests {
  @Test(arguments: [
    ("ddpm-vp", "DDPM", "diffusion"), ("ddpmpp-vp-continuous", "DDPM++", "edm-vp"),
    ("ncsnpp-ve-continuous", "NCSN++", "ve"), ("ncsnpp-ve-256", "NCSN++", "ve"),
  ])
  func networksPutOutWhatTheirsDo(name: String, kind: String, process: String) throws {
    let source = try ModelSource(path: Fixture.path("families/score_sde/\(name).pth"))
    let reference = try Fixture("families/score_sde/\(name).reference")
    #expect(source.specification.kind == kind && source.specification.process.name == process)
    // Their attention is at 8 × 8, where all published configurations have it at 16 × 16.
    #expect(source.specification.imageSize == 32)
    let network = try source.network()
    let expected = reference.tensor("out")
    let told = reference.tensor("told").values
    let output = network(reference.tensor("x"), NetworkInputs(conditioning: told))
    let largest = expected.values.map(abs).max() ?? 0
    expectClose(output, expected, tolerance: 1e-5 * largest, name)
    // One by one the same bits.
    for n in 0..<2 {
      let one = network(reference.tensor("x").rows(n..<n + 1), NetworkInputs(conditioning: [told[n]]))
      #expect(one.values == output.rows(n..<n + 1).values)
    }
  }

  /// The process makes of the output the score that the code base's score function makes of it: x̂₀ by Tweedie's
  /// formula.
  @Test(arguments: ["ddpmpp-vp-continuous", "ncsnpp-ve-continuous", "ncsnpp-ve-256"])
  func processesAreTheirs(name: String) throws {
    let source = try ModelSource(path: Fixture.path("families/score_sde/\(name).pth"))
    let reference = try Fixture("families/score_sde/\(name).reference")
    let network = try source.network()
    let process = try #require(source.specification.process.continuous)
    for n in 0..<2 {
      let t = Double(reference.tensor("t")[n])
      // x = α·(x₀ + σ·ε) there; their images are in 0 to 1 where the process explodes.
      let isExploding = process.form == .ve
      let variance = exp(0.5 * t * t * 19.9 + t * 0.1)
      let sigma = isExploding ? 0.01 * pow(process.sigmaMax / 0.01, t) : (variance - 1).squareRoot()
      let alpha = isExploding ? 1 : 1 / variance.squareRoot()
      let theirs = reference.tensor("x").rows(n..<n + 1)
      let x = theirs.map { isExploding ? 2 * $0 - 1 : $0 / Float(alpha) }
      let level = process.level(sigma)
      let output = network(level.input(x), NetworkInputs(conditioning: [level.conditioning]))
      let xStart = process.parameterization.xStart(from: output, x, at: level)
      // ∇ log p = (α·x̂₀ - x) / (α·σ)² in their units.
      let deviation = alpha * sigma
      let score = xStart.zip(x) { (a, b) in
        Float(Double(a - b) * (isExploding ? 0.5 : alpha) / (deviation * deviation))
      }
      let expected = reference.tensor("score").rows(n..<n + 1)
      let largest = expected.values.map(abs).max() ?? 0
      expectClose(score, expected, tolerance: 1e-4 * largest, "\(name), t = \(t)")
    }
  }

  /// diffusers' NCSN++, under its own names and settings.
  @Test(arguments: ["ncsnpp-like", "ncsnpp-other"])
  func diffusersNetworksPutOutWhatTheirsDo(name: String) throws {
    let reference = try Fixture("diffusers/\(name).io")
    let source = try ModelSource(path: Fixture.path("diffusers/\(name)"))
    #expect(source.specification.isFullyDescribed && source.specification.process.name == "ve")
    let network = try source.network()
    let output = network(reference.tensor("x"), NetworkInputs(conditioning: reference.tensor("sigma").values))
    let expected = reference.tensor("out")
    for n in 0..<2 {
      let row = expected.rows(n..<n + 1)
      expectClose(output.rows(n..<n + 1), row, tolerance: 1e-5 * (row.values.map(abs).max() ?? 0), name)
    }
  }

  /// What is assumed can be said otherwise, and changes what comes out.
  @Test func whatIsAssumedCanBeStated() throws {
    let path = Fixture.path("families/score_sde/ddpmpp-vp-continuous.pth")
    let x = try Fixture("families/score_sde/ddpmpp-vp-continuous.reference").tensor("x")
    func output(_ settings: [String: String]?) throws -> [Float] {
      var stated = StatedSettings()
      stated.network = settings
      let network = try ModelSource(path: path, stated: stated).network()
      return network(x, NetworkInputs(conditioning: [100, 700])).values
    }
    let assumed = try output(nil)
    for setting in ["fir", "skip_rescale", "scale_by_sigma"] {
      #expect(try output([setting: setting == "skip_rescale" ? "False" : "True"]) != assumed, "\(setting)")
    }
    func opened(_ network: [String: String]?, heads: Int? = nil) -> Result<String, any Error> {
      var stated = StatedSettings()
      (stated.network, stated.numHeads) = (network, heads)
      return Result { try ModelSource(path: path, stated: stated).specification.process.name }
    }
    #expect(try opened(["continuous": "False"]).get() == "diffusion")
    for (network, heads) in [(["fir": "maybe"], nil), (["colour": "True"], nil), (nil, 4)]
      as [([String: String]?, Int?)]
    {
      #expect(throws: ModelError.self) { _ = try opened(network, heads: heads).get() }
    }
  }

  @Test(.enabled(if: FamilyReference.isThere))
  func publishedForm() throws {
    let path = try #require(FamilyReference.path("score_sde/ncsnpp_ve_celebahq256_checkpoint_8.pth"))
    let reference = try FamilyReference("score_sde/ncsnpp_ve_celebahq256_reference.npz")
    let source = try ModelSource(path: path)
    let network = try source.network()
    #expect(source.specification.imageSize == 32 && source.specification.process.steps == 2000)
    let sigmas = try reference.tensor("t").values.map { Float(0.01 * pow(348 / 0.01, Double($0))) }
    let score = network(try reference.tensor("x"), NetworkInputs(conditioning: sigmas))
    let expected = try reference.tensor("score")
    expectClose(score, expected, tolerance: 1e-4 * (expected.values.map(abs).max() ?? 0))

    // The means of its predictor over the last six steps of 2,000.
    var x = try reference.tensor("x_6")
    for t in try reference.tensor("last6_t").values {
      let k = Int(t * 1999)
      func level(_ k: Int) -> Double { k < 0 ? 0 : 0.01 * pow(348 / 0.01, Double(k) / 1999) }
      let told = Float(0.01 * pow(348 / 0.01, Double(t)))
      let score = network(x, NetworkInputs(conditioning: [Float](repeating: told, count: x.shape[0])))
      let variance = Float(level(k) * level(k) - level(k - 1) * level(k - 1))
      x = x.zip(score) { $0 + variance * $1 }
    }
    let last = try reference.tensor("x_0_means_only")
    expectClose(x, last, tolerance: 1e-3 * (last.values.map(abs).max() ?? 0))
  }
}
