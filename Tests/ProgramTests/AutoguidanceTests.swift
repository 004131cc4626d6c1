import DiffusionCore
import DiffusionImages
import Foundation
import TensorCore
import TestSupport
import Testing

/// Guidance by a smaller or less trained model.
struct AutoguidanceTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  /// x̂₀ = weak + w·(own - weak) (Karras et al. 2024, eq. 3), only within the interval, and without the variance.
  @Test func followsTheEquation() {
    let x = scrambled([2, 1, 2, 2])
    let own = scrambled([2, 2, 2, 2], seed: 3)
    let weak = scrambled([2, 1, 2, 2], seed: 4)
    let guided = autoguidance(
      { _, _ in own }, weak: { _, _ in weak }, scale: 2.5, interval: 10...20, channels: 1)(x, [15, 15])
    for n in 0..<2 {
      for i in 0..<4 {
        let (a, b) = (own[n * 8 + i], weak[n * 4 + i])
        #expect(abs(guided[n * 8 + i] - (b + 2.5 * (a - b))) < 1e-6)
        #expect(guided[n * 8 + 4 + i] == own[n * 8 + 4 + i])
      }
    }
    func values(_ scale: Double, _ timestep: Float) -> [Float] {
      autoguidance({ _, _ in own }, weak: { _, _ in weak }, scale: scale, interval: 10...20, channels: 1)(
        x, [timestep, timestep]
      ).values
    }
    #expect(values(1, 15) == own.values && values(2, 21) == own.values)
  }

  private static let model = Fixture.path("diffusers/ddpm-cifar-like")

  @Test func scaleOneIsNoGuidanceAndModelsAreRecorded() throws {
    defer { cleanUp() }
    let line = "--model \(Self.model) --seed 3 --steps 3 --quiet"
    try run("\(line) --out plain.npy")
    // A model is its own weak model: whatever the scale, nothing changes but rounding.
    try run("\(line) --guide-model \(Self.model) --guidance 1 --out one.npy")
    #expect(try bytes("plain.npy") == bytes("one.npy"))
    try run("\(line) --guide-model \(Self.model) --guidance 3 --out three.npy")
    let (plain, three) = (try readNPY(bytes("plain.npy"), path: "p"), try readNPY(bytes("three.npy"), path: "t"))
    expectClose(three, plain, tolerance: 1e-4, "guided by itself")

    try run("convert \(Self.model) weak.safetensors --half")
    let drawn = try run("\(line) --guide-model weak.safetensors --guidance 2 --guidance-interval 0-800 --out x.png")
    try #require(drawn.status == 0, "\(drawn.errors)")
    #expect(try run("reproduce x.png").status == 0)
    try FileManager.default.moveItem(
      atPath: folder.path + "/weak.safetensors", toPath: folder.path + "/moved.safetensors")
    #expect(try run("reproduce x.png").errors.contains("weak.safetensors: cannot be read"))
    #expect(try run("reproduce x.png --guide-model moved.safetensors").status == 0)
    let other = try run("reproduce x.png --guide-model \(Self.model)")
    #expect(other.errors.contains("was drawn with another --guide-model file than is there now"), "\(other.errors)")
  }

  /// What no tensor shows of the guide is what was said of the model, unless its file says it.
  @Test func settingsHoldForTheGuideToo() throws {
    defer { cleanUp() }
    let path = Fixture.path("unet/improved-scaleshift-class.pt")
    let line = "--model \(path) --image-size 16 --num-heads 2 --seed 1 --steps 2 --quiet"
    try run("\(line) --out plain.npy")
    try run("\(line) --guide-model \(path) --guidance 2 --out guided.npy")
    #expect(try bytes("plain.npy") == bytes("guided.npy"))
    try run("convert \(path) described.safetensors --num-heads 4 --image-size 16")
    let other = try run("\(line) --guide-model described.safetensors --guidance 2 --out other.npy")
    #expect(try other.status == 0 && bytes("other.npy") != bytes("plain.npy"), "\(other.errors)")
  }

  @Test(arguments: [
    ("--guide-model DIGITS --guidance 2", "--guide-model: DIGITS has images of shape [1, 28, 28], but"),
    ("--guide-model MODEL", "--guide-model needs the scale of guidance; type for instance --guidance 2"),
    ("--guide-model CLASSES --guidance 2", "has images of shape [1, 16, 16]"),
  ])
  func othersAreRefused(options: String, message: String) throws {
    defer { cleanUp() }
    let digits = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/EmbeddedModel/digits.safetensors").standardizedFileURL.path
    func filled(_ text: String) -> String {
      text.replacingOccurrences(of: "DIGITS", with: digits).replacingOccurrences(of: "MODEL", with: Self.model)
        .replacingOccurrences(of: "CLASSES", with: Fixture.path("diffusers/default-like"))
    }
    let result = try run("--model \(Self.model) --out x.png \(filled(options))")
    #expect(result.status != 0 && result.errors.contains(filled(message)), "\(result.errors)")
  }
}
