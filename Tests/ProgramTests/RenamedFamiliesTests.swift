import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Files of code bases whose networks are the original's under other names, against what their own code draws.
struct RenamedFamiliesTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  @Test(arguments: [
    ("ddim", "ckpt", "", "freq_shift 1", "under 4"),
    ("pytorch-ddpm", "pt", "", "diffusion_steps 1000", "under ema_model"),
    ("ddpm-torch", "pt", "", "downsample_padding 0", "under ema.shadow"),
    ("rosinality", "pt", "", "num_heads 4", "under ema"),
    ("monai", "pth", "--num-head-channels 32", "sigma_small True", "PyTorch zip"),
  ])
  func drawWhatTheirCodeDraws(name: String, ending: String, options: String, said: String, place: String) throws {
    defer { cleanUp() }
    let reference = try Fixture("families/renamed/\(name).reference")
    let noise = reference.tensor("x_T")
    try Data(npy(noise.shape, .float32(noise.values))).write(to: folder.appendingPathComponent("noise.npy"))
    let path = Fixture.path("families/renamed/\(name).\(ending)")
    let line = "--model \(path) --image-size 16 \(options)"
    let result = try run(
      """
      \(line) --count 2 --noise noise.npy --sampler ddim --timesteps 750,500,250,0 --no-clip --out x.npy
      """)
    try #require(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains(": \(name) UNetModel, 16×16") && result.errors.contains(said), "\(result.errors)")
    let expected = reference.tensor("x_0")
    let largest = expected.values.map(abs).max() ?? 0
    expectClose(try readNPY(try bytes("x.npy"), path: "x.npy"), expected, tolerance: 1e-5 * largest, name)
    let inspected = try run("inspect \(path) --image-size 16 \(options)")
    #expect(String(decoding: inspected.output, as: UTF8.self).contains(place), "\(place)")

    // Converted, it has the original's names, and draws the same.
    let converted = try run("convert \(path) m.safetensors --image-size 16 \(options)")
    try #require(converted.status == 0, "\(converted.errors)")
    let again = try run(
      """
      --model m.safetensors --count 2 --noise noise.npy --sampler ddim --timesteps 750,500,250,0 --no-clip --out y.npy
      """)
    try #require(again.status == 0, "\(again.errors)")
    #expect(try bytes("y.npy") == bytes("x.npy"))

    // So it does as a folder for diffusers, where diffusers has such a network.
    let exported = try run("convert \(path) folder/ --image-size 16 \(options)")
    if name == "rosinality" {
      #expect(exported.status != 0 && exported.errors.contains("root of all channels"), "\(exported.errors)")
      return
    }
    try #require(exported.status == 0, "\(exported.errors)")
    let opened = try run(
      "--model folder --count 2 --noise noise.npy --sampler ddim --timesteps 750,500,250,0 --no-clip --out z.npy")
    try #require(opened.status == 0, "\(opened.errors)")
    #expect(opened.errors.contains("diffusers UNetModel, 16×16"), "\(opened.errors)")
    expectClose(try readNPY(try bytes("z.npy"), path: "z.npy"), expected, tolerance: 1e-5 * largest, name)
    let twice = try run("convert \(path) folder/ --image-size 16 \(options)")
    #expect(twice.status != 0 && twice.errors.contains("--overwrite"), "\(twice.errors)")
  }
}
