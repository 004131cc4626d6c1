import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Whole runs of `sample` against what diffusers' schedulers draw from the same noise with the same network.
struct DiffusersSamplerTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  /// What to type for a tag of the reference.
  private static let options: [String: String] = [
    "ddpm": "--sampler ddpm --steps 10",
    "ddpm-small": "--sampler ddpm --steps 10",
    "ddim": "--sampler ddim --steps 10",
    "ddim-eta1": "--sampler ddim --eta 1 --steps 10",
    "ddim-trailing": "--sampler ddim --steps 10 --spacing trailing",
    "dpmpp2m": "--sampler dpmpp-2m --steps 10 --spacing linspace --no-clip",
    "dpmpp2m-karras": "--sampler dpmpp-2m --steps 10 --spacing karras --no-clip",
    "unipc": "--sampler unipc --steps 10 --spacing linspace --no-clip",
    "heun": "--sampler heun --steps 6 --spacing linspace --no-clip",
    "euler": "--sampler euler --steps 10 --spacing linspace --no-clip",
    "euler-a": "--sampler euler-a --steps 10 --spacing linspace --no-clip",
    // The folders' scheduler says leading.
    "dpmpp2m-leading": "--sampler dpmpp-2m --steps 10 --no-clip",
    "dpmpp2m-sde": "--sampler dpmpp-2m-sde --steps 10 --spacing linspace --no-clip",
    "dpmpp2m-trailing": "--sampler dpmpp-2m --steps 7 --spacing trailing --no-clip",
    "dpmpp2m-50": "--sampler dpmpp-2m --steps 50 --spacing linspace --no-clip",
    "unipc-karras": "--sampler unipc --steps 10 --spacing karras --no-clip",
    "unipc-50": "--sampler unipc --steps 50 --spacing linspace --no-clip",
    "euler-karras": "--sampler euler --steps 10 --spacing karras --no-clip",
    "euler-trailing": "--sampler euler --steps 10 --spacing trailing --no-clip",
    "heun-karras": "--sampler heun --steps 6 --spacing karras --no-clip",
    "plms": "--sampler plms --steps 10 --spacing leading --no-clip",
  ]

  @Test(arguments: ["ddpm-cifar-like", "default-like"], ["io", "samplers"])
  func drawsWhatDiffusersDraws(model: String, file: String) throws {
    defer { cleanUp() }
    let reference = try Fixture("diffusers/\(model).\(file)")
    let labels = try Fixture("diffusers/\(model).io")
    var line = "--seed 7 --rng torch --count 2 --quiet --overwrite --out x.npy"
    if labels.names.contains("y") {
      line += " --class \(labels.integers("y").map(String.init).joined(separator: ","))"
    }
    let tags = reference.names.filter { $0.hasPrefix("sample.") }.map { String($0.dropFirst("sample.".count)) }
    #expect(tags.count == (file == "io" ? 11 : 10))
    for tag in tags {
      var path = Fixture.path("diffusers/\(model)")
      if tag == "ddpm-small" { path = try withSmallVariance(path) }
      let result = try run("--model \(path) \(line) \(try #require(Self.options[tag]))")
      try #require(result.status == 0, "\(tag): \(result.errors)")
      let expected = reference.tensor("sample." + tag)
      let largest = expected.values.map(abs).max() ?? 0
      // DDIM without new noise, which clips what random weights predict and keeps their ε, amplifies rounding.
      let tolerance: Float = tag == "ddim" || tag == "ddim-trailing" ? 1e-2 : 1e-4
      expectClose(
        try readNPY(try bytes("x.npy"), path: "x.npy"), expected, tolerance: tolerance * largest, "\(model) \(tag)")
    }
  }

  /// The same model, whose scheduler has the posterior's variance.
  private func withSmallVariance(_ path: String) throws -> String {
    let copy = folder.appendingPathComponent("small")
    try? FileManager.default.removeItem(at: copy)
    try FileManager.default.copyItem(at: URL(fileURLWithPath: path), to: copy)
    let configuration = copy.appendingPathComponent("scheduler/scheduler_config.json")
    let text = try String(contentsOf: configuration, encoding: .utf8)
    try text.replacingOccurrences(of: "fixed_large", with: "fixed_small")
      .write(to: configuration, atomically: true, encoding: .utf8)
    return "small"
  }
}
