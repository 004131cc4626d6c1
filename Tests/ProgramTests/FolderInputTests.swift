import DiffusionImages
import Foundation
import TestSupport
import Testing

/// A folder of pictures where one may be given: picture k, by name, is what image k is drawn from.
struct FolderInputTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  @Test("A folder of pictures to start from gives an image for each, as if each were drawn by itself")
  func initImages() throws {
    defer { cleanUp() }
    for (name, seed) in [("a", 1), ("b c", 2), ("c", 3)] {
      try run("--steps 2 --seed \(seed) --quiet --out \(seed).png")
      try FileManager.default.createDirectory(atPath: folder.path + "/in", withIntermediateDirectories: true)
      try FileManager.default.moveItem(atPath: folder.path + "/\(seed).png", toPath: folder.path + "/in/\(name).png")
    }
    for name in ["notes.txt", "d.webp"] {
      try Data("no picture".utf8).write(to: folder.appendingPathComponent("in/\(name)"))
    }
    let result = try run("--init-image in --steps 4 --seed 9 --batch 2 --out out/%d.png")
    #expect(result.status == 0 && result.errors.contains(": 3 images, seed 9,"), "\(result.errors)")
    let leftOut = "note: in: leaves out 1 picture, which is no .png, .jpg, .jpeg, .npy, .npz\n"
    #expect(result.errors.contains(leftOut) && !result.errors.contains("uses"), "\(result.errors)")
    let two = try run("--init-image in --steps 4 --seed 9 --count 2 --out two%d.png")
    #expect(two.errors.contains("note: in: uses 2 of 3 pictures; leave --count out to use all\n"), "\(two.errors)")
    let four = try run("--init-image in --steps 4 --seed 9 --count 4 --out four%d.png")
    #expect(four.errors.contains("note: in: 3 pictures for 4 images, used in turn\n"), "\(four.errors)")
    #expect(try run("--init-image in/a.png --index 0 --steps 4 --seed 9 --quiet --out 0.png").status == 0)
    #expect(try run("--init-image in/c.png --index 2 --steps 4 --seed 9 --quiet --out 2.png").status == 0)
    #expect(try bytes("0.png") == bytes("out/0.png") && bytes("2.png") == bytes("out/2.png"))
    // Each says what it was drawn from itself.
    #expect(try run("reproduce out/1.png").output == Array("out/1.png: pixel-identical\n".utf8))
    #expect(String(decoding: try run("show out/1.png").output, as: UTF8.self).contains(" --init-image 'in/b c.png' "))
    try FileManager.default.removeItem(atPath: folder.path + "/in/a.png")
    #expect(try run("reproduce out/1.png").status == 0)
    #expect(try run("--init-image in --steps 4 --seed 9 --count 4 --grid --quiet --out four.png").status == 0)
    let one = try run("--init-image in --steps 4 --seed 9 --out one.png")
    #expect(one.errors.hasPrefix("sample: 2 images do not fit into one file"), "\(one.errors)")
    try FileManager.default.createDirectory(atPath: folder.path + "/none", withIntermediateDirectories: true)
    let none = try run("--init-image none --steps 4 --out one.png")
    #expect(none.errors.hasPrefix("sample: --init-image: none holds no .png, "), "\(none.errors)")
  }

  @Test("A folder of small pictures is enlarged, one image for each, though their sizes differ")
  func lowResolution() throws {
    defer { cleanUp() }
    let model = Fixture.path("unet/improved-superres.weights.safetensors")
    try FileManager.default.createDirectory(atPath: folder.path + "/small", withIntermediateDirectories: true)
    for (name, side) in [("a", 4), ("b", 6)] {
      let pixels = (0..<side * side * 3).map { UInt8(truncatingIfNeeded: 37 * $0 + side) }
      try Data(Picture(width: side, height: side, channels: 3, pixels: pixels).png()).write(
        to: folder.appendingPathComponent("small/\(name).png"))
    }
    let result = try run("--model \(model) --low-res small --steps 2 --seed 4 --out out/%d.png")
    #expect(result.status == 0, "\(result.errors)")
    let line = "--model \(model) --low-res small/b.png --index 1 --steps 2 --seed 4 --quiet --out b.png"
    #expect(try run(line).status == 0)
    #expect(try bytes("b.png") == bytes("out/1.png"))
    #expect(try run("reproduce out/1.png").status == 0)
    try FileManager.default.removeItem(atPath: folder.path + "/small/b.png")
    try FileManager.default.copyItem(atPath: folder.path + "/small/a.png", toPath: folder.path + "/small/b.png")
    let changed = try run("reproduce out/1.png")
    #expect(changed.errors.contains("was drawn with another --low-res file"), "\(changed.errors)")
  }
}
