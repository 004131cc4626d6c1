import DiffusionCore
import Foundation
import TestSupport
import Testing

struct NoiseLevelsTests {
  private static let betas = BetaSchedule.linear.betas(steps: 1000)

  private func levels(
    _ steps: Int, _ spacing: TimestepSpacing, _ style: SpacingStyle, betas: [Double] = Self.betas
  ) throws -> NoiseLevels {
    try NoiseLevels(betas: betas, steps: steps, spacing: spacing, style: style)
  }

  /// The timesteps that diffusers' schedulers give, from the files' descriptions.
  @Test(arguments: [
    ("io", "ddpm", TimestepSpacing.leading, SpacingStyle.integerTimesteps),
    ("io", "ddim-trailing", .trailing, .integerTimesteps),
    ("io", "dpmpp2m", .linspace, .multistep), ("io", "dpmpp2m-karras", .karras, .multistep),
    ("io", "euler", .linspace, .continuous), ("samplers", "dpmpp2m-leading", .leading, .multistep),
    ("samplers", "dpmpp2m-trailing", .trailing, .multistep), ("samplers", "unipc-50", .linspace, .multistep),
    ("samplers", "unipc-karras", .karras, .multistep), ("samplers", "euler-karras", .karras, .continuous),
    ("samplers", "euler-trailing", .trailing, .continuous),
  ])
  func areThoseOfDiffusers(file: String, tag: String, spacing: TimestepSpacing, style: SpacingStyle) throws {
    let runs = try #require(try Fixture("diffusers/ddpm-cifar-like.\(file)").metadata["runs"])
    // Python's JSON has infinities.
    let text = runs.replacingOccurrences(of: "-Infinity", with: "0")
    let all = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    let run = try #require(all.first { $0["tag"] as? String == tag })
    let expected = try #require(run["timesteps"] as? [Double])
    let found = try levels(expected.count, spacing, style).timesteps
    #expect(found.count == expected.count)
    // Theirs are in float32, and its ᾱ too.
    for (a, b) in zip(found.reversed(), expected) { #expect(abs(a - b) < 2e-2, "\(a), expected \(b)") }
  }

  /// Rounding must not put a timestep beyond the last one, where there is no noise to interpolate.
  @Test(arguments: [TimestepSpacing.linspace, .trailing, .leading])
  func lieWithinTheProcess(spacing: TimestepSpacing) throws {
    for steps in 2...1000 {
      let timesteps = try levels(steps, spacing, .continuous).timesteps
      #expect(timesteps.allSatisfy { (0...999).contains($0) }, "\(steps) steps")
    }
  }

  /// ᾱ is the process's at whole timesteps, and √((1 - ᾱ) / ᾱ) in the middle between two is their mean.
  @Test func noiseIsInterpolated() throws {
    func sigma(_ t: Int) -> Double {
      let alphaBar = Self.betas[...t].reduce(1) { $0 * (1 - $1) }
      return ((1 - alphaBar) / alphaBar).squareRoot()
    }
    let found = try levels(3, .linspace, .continuous)
    #expect(found.timesteps == [0, 499.5, 999])
    for (alphaBar, expected) in zip(found.alphasCumprod, [sigma(0), (sigma(499) + sigma(500)) / 2, sigma(999)]) {
      #expect(abs(((1 - alphaBar) / alphaBar).squareRoot() / expected - 1) < 1e-10)
    }
  }

  /// Karras et al. 2022, eq. 5.
  @Test func karras() throws {
    let found = try levels(5, .karras, .continuous)
    func sigma(_ alphaBar: Double) -> Double { ((1 - alphaBar) / alphaBar).squareRoot() }
    let bars = Self.betas.indices.map { t in Self.betas[...t].reduce(1) { $0 * (1 - $1) } }
    let (low, high) = (sigma(bars[0]), sigma(bars[999]))
    for (i, alphaBar) in found.alphasCumprod.reversed().enumerated() {
      let expected = pow(pow(high, 1.0 / 7) + Double(i) / 4 * (pow(low, 1.0 / 7) - pow(high, 1.0 / 7)), 7)
      #expect(abs(sigma(alphaBar) / expected - 1) < 1e-9)
    }
  }

  @Test(arguments: TimestepSpacing.allCases, [SpacingStyle.integerTimesteps, .multistep, .continuous])
  func anyNumberOfStepsWorks(spacing: TimestepSpacing, style: SpacingStyle) throws {
    for count in [1, 2, 3, 50, 1000] {
      for betas in [BetaSchedule.linear.betas(steps: count), BetaSchedule.cosine.betas(steps: count)] {
        for steps in Set([1, 2, 3, 7, 20, 49, 50, 333, 667, 999, 1000]).filter({ $0 <= count }) {
          let found = try levels(steps, spacing, style, betas: betas)
          #expect(found.timesteps.count == steps && found.alphasCumprod.count == steps)
          #expect(found.timesteps.allSatisfy { (0...Double(count - 1)).contains($0) })
          #expect(zip(found.timesteps, found.timesteps.dropFirst()).allSatisfy { $0 <= $1 })
          #expect(zip(found.alphasCumprod, found.alphasCumprod.dropFirst()).allSatisfy { $0 > $1 })
        }
        #expect(try levels(1, spacing, style, betas: betas).timesteps == [Double(count - 1)])
        #expect(throws: SpacingError.tooMany(steps: count + 1, available: count, section: nil)) {
          try levels(count + 1, spacing, style, betas: betas)
        }
      }
    }
  }
}
