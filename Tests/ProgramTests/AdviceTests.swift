import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Whoever pastes what a message advises gets what it promised.
struct AdviceTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private static let training =
    "--image-size 16 --num-channels 32 --num-res-blocks 1 --channel-mult 1 --attention-resolutions 16 --num-heads 1 "
    + "--batch-size 2 --steps 1"

  /// What the mistakes are made with.
  private func fill() throws {
    func write(_ name: String, _ bytes: [UInt8]) throws {
      let url = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
    }
    func copy(_ fixture: String, _ name: String) throws {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(name).deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: Fixture.path(fixture), toPath: folder.path + "/" + name)
    }
    func picture(_ side: Int, _ value: (Int) -> UInt8) throws -> [UInt8] {
      try Picture(width: side, height: side, channels: 1, pixels: (0..<side * side).map(value)).png()
    }
    let model = "unet/guided-neworder.weights.safetensors"
    for name in [
      "m.safetensors", "my model.safetensors", "folder/m.safetensors", "two models/a.safetensors",
      "two models/b.safetensors", "there.safetensors",
    ] { try copy(model, name) }
    try copy("diffusers/default-like", "diffusers")
    try copy("unet/guided-classifier.weights.safetensors", "classifier.safetensors")
    for (name, value) in [("p28.png", 3), ("q28.png", 5)] {
      try write(name, picture(28) { UInt8(truncatingIfNeeded: $0 * value) })
    }
    try write("m28.png", picture(28) { $0 < 392 ? 255 : 0 })
    for i in 0..<3 {
      try write("data/\(i).png", picture(16) { UInt8(truncatingIfNeeded: $0 * (i + 1)) })
      try write("classes/c\(i)/\(i).png", picture(16) { UInt8(truncatingIfNeeded: $0 * (i + 1)) })
    }
    for i in 0..<2 { try write("full/0000\(i).png", picture(28) { _ in 0 }) }
    try write("noise.npy", npy([2, 1, 28, 28], .float32([Float](repeating: 0, count: 1568))))
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("home"), withIntermediateDirectories: true)
    let made = try shell("gzip < m.safetensors > gz.safetensors.gz; tar -cf 'my t.tar' m.safetensors")
    #expect(made.status == 0, "\(made.errors)")
  }

  private var environment: [String: String] { ["T": Self.training, "HOME": folder.path + "/home"] }

  @Test(arguments: Advice.words + Advice.models) func whatAMessageSaysWorks(_ advice: Advice) throws {
    defer { cleanUp() }
    try fill()
    let mistake = try shell(advice.typed, environment: environment)
    #expect(mistake.status == 64 || mistake.status == 1, "\(advice.typed): \(mistake.errors)")
    #expect(mistake.errors.contains(advice.pasted), "\(mistake.errors)")
    let pasted = try shell(advice.then, environment: environment)
    #expect(pasted.status == 0, "\(advice.then): \(pasted.errors)")
  }
}
