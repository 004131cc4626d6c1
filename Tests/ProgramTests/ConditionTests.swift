import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Drawing from images (`--condition`), as the code bases of SR3 and Palette do.
struct ConditionTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func write(_ tensor: [Float], _ shape: [Int], _ name: String) throws {
    try Data(npy(shape, .float32(tensor))).write(to: folder.appendingPathComponent(name))
  }

  @Test(arguments: [
    ("sr3", "sr3_I10_E1_gen.pth", "condition_first True", ""),
    ("sr3-ddpm", "ddpm_I10_E1_gen.pth", "condition_first True", ""),
    ("palette", "10_Network_ema.pth", "beta_end 0.09", "--num-head-channels 16"),
  ])
  func drawWhatTheirCodeDraws(name: String, file: String, said: String, options: String) throws {
    defer { cleanUp() }
    let reference = try Fixture("families/conditional/\(name).reference")
    for key in ["x_T", "condition"] {
      try write(reference.tensor(key).values, reference.tensor(key).shape, "\(key).npy")
    }
    let path = Fixture.path("families/conditional/\(file)")
    let model = "--model \(path) --image-size 16 \(options)"
    let drawing = "--count 2 --noise x_T.npy --sampler ddim --timesteps 900,600,300,0"
    let result = try run("\(model) \(drawing) --condition condition.npy --out x.npy")
    try #require(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains(": \(name) UNetModel, 16×16") && result.errors.contains(said), "\(result.errors)")
    // The first step multiplies by 1 / √ᾱ, which is 5e7 for Palette, and clips what comes of it.
    expectClose(
      try readNPY(try bytes("x.npy"), path: "x.npy"), reference.tensor("x_0"), tolerance: 1e-4, name)

    // Converted, it draws the same without a word of how.
    let converted = try run("convert \(path) m.safetensors --image-size 16 \(options)")
    try #require(converted.status == 0, "\(converted.errors)")
    let again = try run("--model m.safetensors \(drawing) --condition condition.npy --out y.npy")
    try #require(again.status == 0, "\(again.errors)")
    #expect(try bytes("y.npy") == bytes("x.npy"))
  }

  /// Palette completes what a mask leaves open, and keeps the rest to the pixel.
  @Test func paletteCompletes() throws {
    defer { cleanUp() }
    let reference = try Fixture("families/conditional/palette.reference")
    for key in ["x_T", "condition"] {
      try write(reference.tensor(key).values, reference.tensor(key).shape, "\(key).npy")
    }
    let mask = reference.tensor("mask").values.map { UInt8($0 * 255) }
    let picture = Picture(width: 16, height: 16, channels: 1, pixels: mask)
    try Data(picture.png()).write(to: folder.appendingPathComponent("mask.png"))
    let path = Fixture.path("families/conditional/10_Network_ema.pth")
    let result = try run(
      """
      --model \(path) --image-size 16 --num-head-channels 16 --count 2 --noise x_T.npy --sampler ddim \
      --timesteps 900,600,300,0 --condition condition.npy --mask mask.png --out x.npy
      """)
    try #require(result.status == 0, "\(result.errors)")
    let drawn = try readNPY(try bytes("x.npy"), path: "x.npy")
    expectClose(drawn, reference.tensor("completed"), tolerance: 1e-4)
  }

  /// A UNet2DModel that takes more channels than it puts out draws from an image, whose channels come behind its own.
  @Test func diffusersNetworks() throws {
    defer { cleanUp() }
    let reference = try Fixture("families/conditional/diffusers.reference")
    for key in ["x", "condition"] {
      try write(reference.tensor(key).values, reference.tensor(key).shape, "\(key).npy")
    }
    let path = Fixture.path("families/conditional/diffusers")
    for (n, timestep) in [300, 900].enumerated() {
      // A step to the noiseless image puts out x̂₀, which shows ε.
      let line =
        "--model \(path) --condition condition.npy --noise x.npy --count 2 --sampler ddim --no-clip "
        + "--timesteps \(timestep)"
      let result = try run("\(line) --out \(timestep).npy")
      try #require(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("condition_first False"), "\(result.errors)")
      var alphaBar = 1.0
      for t in 0...timestep { alphaBar *= 1 - (1e-4 + (0.02 - 1e-4) * Double(t) / 999) }
      let drawn = try readNPY(try bytes("\(timestep).npy"), path: "x.npy").rows(n..<n + 1)
      let (a, s) = (alphaBar.squareRoot(), (1 - alphaBar).squareRoot())
      let found = reference.tensor("x").rows(n..<n + 1).zip(drawn) { Float((Double($0) - a * Double($1)) / s) }
      expectClose(found, reference.tensor("out").rows(n..<n + 1), tolerance: 1e-4)
    }
    // The other way round it is another picture.
    let other = try run(
      """
      --model \(path) --condition condition.npy --condition-first --noise x.npy --count 2 --sampler ddim \
      --timesteps 300 --no-clip --out other.npy
      """)
    try #require(other.status == 0, "\(other.errors)")
    #expect(try bytes("other.npy") != bytes("300.npy"))
  }

  /// What is missing or does not fit is said in one line that names the option.
  @Test func saysWhatItNeeds() throws {
    defer { cleanUp() }
    let sr3 = "--model \(Fixture.path("families/conditional/sr3_I10_E1_gen.pth")) --image-size 16 --out x.png"
    func refused(_ line: String) throws -> String {
      let result = try run(line)
      #expect(result.status != 0)
      #expect(result.errors.split(separator: "\n").count { $0.hasPrefix("sample: ") } == 1, "\(result.errors)")
      return result.errors
    }
    #expect(try refused(sr3).contains("--condition picture.png"))
    #expect(try refused("--condition nowhere.png \(sr3)").contains("nowhere.png"))
    #expect(try refused("--condition nowhere.png --out x.png").contains("leave --condition out"))
    try write([Float](repeating: 0, count: 3 * 64), [1, 3, 8, 8], "small.npy")
    #expect(try refused("--condition small.npy \(sr3)").contains("small.npy"))
    try write([Float](repeating: 0, count: 3 * 256), [1, 3, 16, 16], "right.npy")
    #expect(try refused("--condition right.npy --mask mask.png \(sr3)").contains("--init-image"))
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("empty"), withIntermediateDirectories: true)
    #expect(try refused("--condition empty \(sr3)").contains("holds no .png"))
  }
}
