import DiffusionImages
import Foundation
import TensorCore
import TestSupport
import Testing

/// Files of denoising-diffusion-pytorch, against what its own samplers draw.
struct LucidrainsDrawingTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func drawn(_ line: String, _ file: String) throws -> Tensor {
    let result = try run("\(line) --out \(file)")
    try #require(result.status == 0, "\(line): \(result.errors)")
    return try readNPY(try bytes(file), path: file)
  }

  @Test(arguments: [
    ("old", "--release 0.27.12", "--sampler ddpm"), ("standardized", "", "--sampler ddim --steps 5"),
    ("self-conditioned", "", "--sampler ddim --steps 5"), ("learned-variance", "", "--sampler ddpm"),
    ("elucidated", "", "--steps 5"), ("classes", "", "--sampler ddpm --class 1,2"),
  ])
  func drawWhatTheirCodeDraws(name: String, settings: String, sampling: String) throws {
    defer { cleanUp() }
    let reference = try Fixture("families/lucidrains/\(name).reference")
    let model = "\(Fixture.path("families/lucidrains/\(name).pt")) --image-size 8 \(settings)"
    let drawing = "--count 2 --rng torch --seed 7 \(sampling)"
    expectClose(
      try drawn("--model \(model) \(drawing)", "x.npy"), reference.tensor("sample"), tolerance: 1e-4, name)

    // Converted, it says all that has to be said, and draws the same.
    let converted = try run("convert \(model) m.safetensors")
    try #require(converted.status == 0, "\(converted.errors)")
    _ = try drawn("--model m.safetensors \(drawing)", "y.npy")
    #expect(try bytes("y.npy") == bytes("x.npy"))
  }

  /// x̂₀ is handed on, whatever the sampler and the batch.
  @Test(arguments: ["unipc", "heun", "plms", "euler-a"])
  func selfConditioningKnowsNoBatches(sampler: String) throws {
    defer { cleanUp() }
    let path = Fixture.path("families/lucidrains/self-conditioned.pt")
    let line = "--model \(path) --image-size 8 --sampler \(sampler) --steps 5 --count 3 --seed 1"
    let all = try drawn("\(line) --batch 3", "x.npy")
    #expect(try drawn("\(line) --batch 1", "y.npy").values == all.values)
  }

  /// Defaults that are the code base's own are said.
  @Test(arguments: [
    ("old", "--release 0.27.12 --sampler ddim --steps 3", "note: eta is 1, as in denoising-diffusion-pytorch"),
    ("elucidated", "--steps 2", "note: noise is added before steps (--s-churn 80), as in denoising-diffusion-pytorch"),
  ])
  func ownDefaultsAreSaid(name: String, options: String, note: String) throws {
    defer { cleanUp() }
    let line =
      "--model \(Fixture.path("families/lucidrains/\(name).pt")) --image-size 8 --seed 1 --out x.png \(options)"
    #expect(try run(line).errors.contains(note))
    #expect(try !run("\(line) --overwrite \(name == "old" ? "--eta 0" : "--s-churn 0")").errors.contains("note:"))
  }

  /// Where the noise has to decide the image, none is added by default either.
  @Test func inversionAddsNoNoise() throws {
    defer { cleanUp() }
    let model = "--model \(Fixture.path("families/lucidrains/old.pt")) --release 0.27.12 --image-size 8 --steps 4"
    let between = try run("interpolate --seed 1..2 --frames 3 \(model) --out f%d.png")
    #expect(between.status == 0 && !between.errors.contains("note: eta"), "\(between.errors)")
    let again = try run("reconstruct f1.png \(model) --out r.png")
    #expect(again.status == 0 && !again.errors.contains("note: eta"), "\(again.errors)")
    _ = try drawn("--sampler ddim --eta 0 --seed 1 \(model)", "x.npy")
    _ = try drawn("--sampler ddim --seed 1 \(model)", "y.npy")
    #expect(try bytes("x.npy") != bytes("y.npy"))
  }

  /// The network knows images in 0 to 1: what it draws is widened.
  @Test func imagesFromZero() throws {
    defer { cleanUp() }
    let path = Fixture.path("families/lucidrains/standardized.pt")
    let line = "--model \(path) --image-size 8 --sampler ddim --steps 3 --seed 1"
    let plain = try drawn(line, "x.npy")
    let widened = try drawn("\(line) --network auto_normalize=False", "y.npy")
    #expect(widened.values == plain.values.map { 2 * $0 - 1 })
    try run("\(line) --out x.png")
    let refused = try run("nll x.png --model \(path) --image-size 8 --network auto_normalize=False")
    #expect(refused.status != 0 && refused.errors.contains("not in 0 to 1 (auto_normalize)"), "\(refused.errors)")
  }

  /// Files of larger networks that lie beside the repository where they were made.
  private static let beside = Fixture.path("../../../shared/reference/families/lucidrains")

  private struct Reference {
    let name: String
    var settings = ""
    let sampling: String
    let array: String
    let tolerance: Float
  }

  private static let references = [
    Reference(
      name: "v0.25.3", settings: "--release 0.25.3", sampling: "--sampler ddim --steps 4", array: "sample",
      tolerance: 1e-4),
    Reference(name: "v1.0.5", sampling: "--sampler ddim --steps 4", array: "sample", tolerance: 1e-4),
    Reference(name: "v1.0.5", sampling: "--sampler ddpm", array: "ddpm1000_seed7", tolerance: 1e-3),
    Reference(name: "v1.7.0", sampling: "--sampler ddim --steps 4", array: "sample", tolerance: 1e-4),
    Reference(name: "v1.9.1", sampling: "--sampler ddim --steps 4", array: "sample", tolerance: 1e-4),
    Reference(name: "v2.3.4", sampling: "--sampler ddim --steps 4", array: "sample", tolerance: 1e-4),
    Reference(name: "v2.3.4", sampling: "--sampler ddpm", array: "ddpm1000_seed7", tolerance: 1e-3),
    Reference(name: "v2.3.4-selfcond", sampling: "--sampler ddim --steps 4", array: "sample", tolerance: 1e-4),
    Reference(
      name: "v2.3.4-x0-linear-minsnr", sampling: "--sampler ddim --steps 4", array: "sample", tolerance: 1e-4),
    Reference(
      name: "v2.3.4-cfg", sampling: "--sampler ddim --steps 4 --eta 0 --class CLASSES", array: "sample_scale6",
      tolerance: 5e-4),
  ]

  @Test(.enabled(if: FileManager.default.fileExists(atPath: beside)))
  func drawTheReferences() throws {
    defer { cleanUp() }
    for reference in Self.references {
      let path = "\(Self.beside)/\(reference.name)"
      let arrays = try NPZArchive([UInt8](Data(contentsOf: URL(fileURLWithPath: path + ".npz"))), path: path)
      let expected = try tensor(arrays.array(reference.array)).map { 2 * $0 - 1 }
      var sampling = reference.sampling
      if sampling.contains("CLASSES"), case .int64(let classes) = try arrays.array("classes").elements {
        sampling = sampling.replacingOccurrences(of: "CLASSES", with: classes.map { "\($0)" }.joined(separator: ","))
      }
      let line = "--model \(path).pt --image-size 16 --count 2 --rng torch --seed 7"
      let found = try drawn("\(line) \(reference.settings) \(sampling) --overwrite", "x.npy")
      expectClose(found, expected, tolerance: reference.tolerance, "\(reference.name) \(reference.array)")
    }
  }

  private func tensor(_ array: NPYArray) -> Tensor {
    guard case .float32(let values) = array.elements else { return Tensor([0], []) }
    return Tensor(array.shape, values)
  }
}
