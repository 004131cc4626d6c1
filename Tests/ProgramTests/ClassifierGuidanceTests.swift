import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Classifier guidance, by the release binary.
struct ClassifierGuidanceTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private let classifier = Fixture.path("unet/guided-classifier.weights.safetensors")
  private let model = Fixture.path("unet/guided-neworder.weights.safetensors")

  /// A classifier leads a model without classes to one, the further the larger its scale;
  /// at scale 0 it changes nothing.
  @Test(arguments: ["ddim", "ddpm"])
  func guides(sampler: String) throws {
    defer { cleanUp() }
    func pixels(_ more: String) throws -> [UInt8] {
      let result = try run(
        "--model \(model) --image-size 16 --sampler \(sampler) --steps 4 --seed 1 --no-metadata --out x.png \(more)"
      )
      #expect(result.status == 0, "\(result.errors)")
      return try Picture(png: bytes("x.png")).pixels
    }
    func distance(_ a: [UInt8], _ b: [UInt8]) -> Int { zip(a, b).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) } }
    let plain = try pixels("")
    let (none, some, much) = (
      try pixels("--classifier \(classifier) --class 2 --classifier-scale 0"),
      try pixels("--classifier \(classifier) --class 2"),
      try pixels("--classifier \(classifier) --class 2 --classifier-scale 30")
    )
    // Through ε and back, x₀ is rounded otherwise.
    #expect(zip(plain, none).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    #expect(distance(plain, some) < distance(plain, much) && distance(plain, much) > 100)
  }

  /// What it says of itself draws the image again.
  @Test func isReproduced() throws {
    defer { cleanUp() }
    let drawn = try run(
      "--model \(model) --image-size 16 --steps 3 --seed 1 --classifier \(classifier) --classifier-scale 5 --out x.png")
    #expect(drawn.status == 0, "\(drawn.errors)")
    #expect(try run("reproduce x.png").status == 0)
  }

  @Test func mistakes() throws {
    defer { cleanUp() }
    for (line, message) in [
      ("--classifier \(model)", "--classifier: \(model) is a UNetModel, not a classifier (EncoderUNetModel)"),
      (
        "--classifier \(classifier)",
        "--classifier: \(classifier) takes 16×16 images with 3 channels, but the embedded model draws 28×28 with 1"
      ),
      ("--classifier none.pt", "none.pt: cannot be read: No such file or directory"),
    ] {
      let result = try run(line + " --out x.png")
      #expect(result.status == 1)
      #expect(result.errors == "sample: \(message)\n")
    }
    let alone = try run("--classifier-scale 2 --out x.png")
    #expect(alone.status == 64)
    #expect(
      alone.errors
        == "sample: --classifier-scale needs a classifier; type --classifier and its file too, or leave it out\n")
  }
}
