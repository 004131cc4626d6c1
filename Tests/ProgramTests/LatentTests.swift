import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Pipelines that draw latents: pictures come out, whatever is asked for, or it is said why not.
struct LatentTests: RunsSample {
  let folder: URL
  private let model = "--model \(Fixture.path("families/latent/pipeline"))"

  init() throws { folder = try temporaryFolder() }

  @Test func picturesAreDrawn() throws {
    defer { cleanUp() }
    let reference = try Fixture("families/latent/latent.reference")
    let noise = reference.tensor("x_T")
    try Data(npy(noise.shape, .float32(noise.values))).write(to: folder.appendingPathComponent("x_T.npy"))
    let drawn = try run("\(model) --noise x_T.npy --count 2 --sampler ddim --steps 3 --out x.npy")
    try #require(drawn.status == 0, "\(drawn.errors)")
    #expect(drawn.errors.contains("latents of 4×8×8, pictures of 16×16"))
    let expected = reference.tensor("drawn")
    expectClose(
      try readNPY(try bytes("x.npy"), path: "x.npy"), expected, tolerance: 1e-4 * expected.largestMagnitude)
    // Batches, as well as images alone, are the same.
    let apart = try run("\(model) --noise x_T.npy --count 2 --sampler ddim --steps 3 --batch 1 --out y.npy")
    #expect(try apart.status == 0 && bytes("x.npy") == bytes("y.npy"))
  }

  @Test func everyFormatHoldsPictures() throws {
    defer { cleanUp() }
    let drawing = "\(model) --steps 3 --seed 1 --count 2"
    #expect(try run("\(drawing) --grid --frames f.png --strip s.png --out x.png").status == 0)
    for (name, width, height) in [("x.png", 32, 16), ("f.png", 32, 16), ("s.png", 48, 32)] {
      let picture = try Picture(png: try bytes(name))
      #expect((picture.width, picture.height, picture.channels) == (width, height, 3), "\(name)")
    }
    #expect(try run("\(drawing) --out x.npz").status == 0)
    #expect(
      try NPZArchive(try bytes("x.npz"), path: "x.npz").array("arr_0").shape == [2, 16, 16, 3])
    #expect(try run("\(drawing) --out i-%d.png").status == 0)
    let shown = try run("show i-1.png")
    #expect(String(decoding: shown.output, as: UTF8.self).contains("Size: 16x16"))
    #expect(try run("\(drawing) --no-metadata --out j-%d.png").status == 0)
    #expect(try run("\(drawing) --no-metadata --resume --out j-%d.png").errors.contains("2 were on disk already"))

    // Pictures become latents, and the steps that are left draw others of them.
    let changed = try run("\(model) --init-image i-0.png --strength 0.4 --steps 5 --seed 2 --out k.png")
    #expect(changed.status == 0, "\(changed.errors)")
    #expect(try Picture(png: try bytes("k.png")).width == 16)
    let cost = try run("\(model) --dry-run")
    let text = String(decoding: cost.output, as: UTF8.self)
    #expect(text.contains("3×16×16, from latents of 4×8×8") && text.contains("decoding an image"), "\(text)")
    let inspected = try run("inspect \(Fixture.path("families/latent/pipeline"))")
    #expect(String(decoding: inspected.output, as: UTF8.self).contains("autoencoder AutoencoderKL, "))
  }

  @Test func saysWhatItCannot() throws {
    defer { cleanUp() }
    #expect(try run("\(model) --steps 2 --seed 1 --out x.png").status == 0)
    let path = Fixture.path("families/latent/pipeline")
    for (line, said) in [
      ("\(model) --init-image x.png --mask x.png --out y.png", "--mask: \(path) draws latents"),
      ("nll \(model) x.png", "encodes and measures no pictures"),
      ("encode \(model) x.png", "encodes and measures no pictures"),
      ("reconstruct \(model) x.png", "encodes and measures no pictures"),
      ("interpolate x.png x.png \(model) --out y.png", "encodes and measures no pictures"),
      ("convert \(path) m.safetensors", "the AutoencoderKL that decodes them would be lost"),
      ("convert \(path) m/", "the AutoencoderKL that decodes them would be lost"),
      ("\(model) --guidance 2 --guide-model \(Fixture.path("diffusers/default-like")) --out y.png", "--guide-model"),
    ] {
      let result = try run(line)
      #expect(result.status != 0 && result.errors.contains(said), "\(line): \(result.errors)")
      #expect(result.errors.split(separator: "\n").count { $0.hasPrefix("sample: ") } == 1, "\(result.errors)")
    }
  }

  /// The noise of two seeds is all that lies between two pictures.
  @Test func seedsAreInterpolated() throws {
    defer { cleanUp() }
    let result = try run("interpolate --seed 1..2 \(model) --steps 2 --frames 3 --out x.png")
    #expect(result.status == 0, "\(result.errors)")
  }
}
