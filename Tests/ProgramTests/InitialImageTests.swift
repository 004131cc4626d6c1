import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Drawing from a picture, and around what is kept of it, as a user does.
struct InitialImageTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func write(_ bytes: [UInt8], _ name: String) throws {
    try Data(bytes).write(to: folder.appendingPathComponent(name))
  }

  /// A grey picture of `size` × `size` pixels that no model has drawn.
  private func writePicture(_ name: String = "a.png", size: Int = 28, seed: Int = 0) throws {
    let pixels = (0..<size * size).map { UInt8(($0 * 31 + seed * 57) % 256) }
    try write(try Picture(width: size, height: size, channels: 1, pixels: pixels).png(), name)
  }

  /// White from column `column` on.
  private func writeMask(_ name: String = "m.png", size: Int = 28, from column: Int = 14) throws {
    let pixels = (0..<size * size).map { i -> UInt8 in i % size >= column ? 255 : 0 }
    try write(try Picture(width: size, height: size, channels: 1, pixels: pixels).png(), name)
  }

  /// The more strength, the farther from the picture; at a small one it is still there.
  @Test func drawsFromAPicture() throws {
    defer { cleanUp() }
    try run("--steps 10 --seed 1 --class 7 --out a.png")
    let picture = try Picture(png: bytes("a.png"))
    func distance(_ strength: Double) throws -> Double {
      let result = try run("--steps 20 --seed 2 --class 7 --init-image a.png --strength \(strength) --out b.png")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains(" \(Int(20 * strength)) UniPC steps"), "\(result.errors)")
      let found = try Picture(png: bytes("b.png"))
      return zip(found.pixels, picture.pixels).reduce(0) { $0 + abs(Double($1.0) - Double($1.1)) } / 784
    }
    let (near, far) = (try distance(0.1), try distance(1))
    #expect(near < 8 && far > 2 * near, "\(near) and \(far)")
  }

  /// To the pixel, whatever the sampler; and the rest is drawn.
  @Test(arguments: ["ddim", "ddpm", "dpmpp-2m", "dpmpp-2m-sde", "unipc", "heun", "euler", "euler-a", "plms"])
  func keepsWhatIsBlack(sampler: String) throws {
    defer { cleanUp() }
    try writePicture()
    try writeMask()
    let result = try run(
      """
      --init-image a.png --mask m.png --steps 4 --jump-length 1 --jump-count 2 --sampler \(sampler) --class 3 \
      --out b.png --seed 1
      """)
    #expect(result.status == 0, "\(result.errors)")
    let (picture, found) = (try Picture(png: bytes("a.png")), try Picture(png: bytes("b.png")))
    for (i, (expected, pixel)) in zip(picture.pixels, found.pixels).enumerated() where i % 28 < 14 {
      #expect(expected == pixel, "pixel \(i)")
    }
    #expect(zip(picture.pixels, found.pixels).count { $0 != $1 } > 200)
  }

  /// With all draws of noise that jumps and kept pixels take.
  @Test(arguments: ["--strength 0.5", "--mask m.png --jump-length 1 --jump-count 2"])
  func batchesAndThreadsChangeNothing(_ options: String) throws {
    defer { cleanUp() }
    try writePicture()
    try writeMask()
    let line = "--init-image a.png \(options) --sampler ddpm --steps 4 --seed 3 --quiet --overwrite"
    try run("\(line) --count 3 --out a%d.png")
    for variation in ["--count 3 --batch 1", "--count 3 --batch 2 --threads 1", "--index 1"] {
      try run("\(line) \(variation) --out b%d.png")
      #expect(try bytes("a1.png") == bytes("b1.png"), "\(variation)")
    }
    #expect(try bytes("a1.png") != bytes("a2.png"))
  }

  /// Of several pictures, image k has picture k, with its class; numbers are kept as they are.
  @Test func severalPictures() throws {
    defer { cleanUp() }
    try run("--count 2 --class 4,5 --steps 2 --seed 1 --out x.npz")
    try writeMask()
    let line = "--init-image x.npz --steps 2 --seed 1"
    #expect(try run("\(line) --count 3 --mask m.png --out y.npz").status == 0)
    let (x, y) = (try NPZArchive(bytes("x.npz"), path: "x"), try NPZArchive(bytes("y.npz"), path: "y"))
    guard case .uint8(let given) = try x.array("arr_0").elements,
      case .uint8(let found) = try y.array("arr_0").elements,
      case .int64(let labels) = try y.array("arr_1").elements
    else {
      Issue.record("other types")
      return
    }
    #expect(labels == [4, 5, 4])
    for (image, picture) in [(0, 0), (1, 1), (2, 0)] {
      for i in 0..<784 where i % 28 < 14 { #expect(found[image * 784 + i] == given[picture * 784 + i]) }
    }
  }

  /// A photograph in colours of any size is cut, scaled and made grey; the mask goes with it.
  @Test func otherSizes() throws {
    defer { cleanUp() }
    let pixels = (0..<6000).flatMap { i -> [UInt8] in [UInt8(i % 100), 200, UInt8(i / 100)] }
    try write(try Picture(width: 100, height: 60, channels: 3, pixels: pixels).png(), "photo.png")
    let half = (0..<6000).map { i -> UInt8 in i % 100 >= 50 ? 255 : 0 }
    try write(try Picture(width: 100, height: 60, channels: 1, pixels: half).png(), "half.png")
    let result = try run("--init-image photo.png --mask half.png --steps 2 --seed 1 --out b.png")
    #expect(result.status == 0, "\(result.errors)")
    let found = try Picture(png: bytes("b.png"))
    let expected = try Picture(png: bytes("photo.png")).fitted(toSquare: 28).converted(toChannels: 1)
    for i in 0..<784 where i % 28 < 13 { #expect(found.pixels[i] == expected.pixels[i]) }
  }

  /// Images say what they were drawn from, are drawn again, and are not taken for others when that has changed.
  @Test func imagesSayWhatTheyWereDrawnFrom() throws {
    defer { cleanUp() }
    try writePicture()
    try writeMask()
    let line = "--init-image a.png --mask m.png --steps 3 --jump-length 1 --seed 3 --count 2 --out b%d.png"
    try run(line)
    let shown = String(decoding: try run("show b1.png").output, as: UTF8.self)
    #expect(shown.contains(", Denoising strength: 1.0, "))
    #expect(
      shown.contains(" --init-image a.png --strength 1.0 --mask m.png --jump-length 1 --jump-count 3 --out again.png\n")
    )
    #expect(try run("reproduce b1.png").output == Array("b1.png: pixel-identical\n".utf8))
    #expect(try run(line + " --resume").errors.contains("2 images, of which 2 were on disk already"))
    try writeMask(from: 10)
    #expect(
      try run("reproduce b1.png").errors
        == "sample: b1.png: was drawn with another --mask file than is there now; put the original back\n")
    #expect(try run(line + " --resume").errors.contains("b0.png: was drawn otherwise (the contents of mask "))
    try writeMask()
    try writePicture(seed: 1)
    #expect(try run("reproduce b1.png").errors.contains("was drawn with another --init-image file"))
    try FileManager.default.removeItem(at: folder.appendingPathComponent("a.png"))
    #expect(try run("reproduce b1.png").errors == "sample: a.png: cannot be read: No such file or directory\n")
  }

  @Test func dryRunCountsTheSteps() throws {
    defer { cleanUp() }
    try writePicture()
    try writeMask()
    let from = String(
      decoding: try run("--init-image a.png --strength 0.5 --sampler ddim --steps 10 --dry-run").output, as: UTF8.self)
    #expect(from.contains("\nsampler     DDIM, 5 steps, "), "\(from)")
    #expect(
      from.contains(", from a.png at strength 0.5\n") && from.contains("\ntimesteps   400 300 200 100 0\n"), "\(from)")
    let line = "--init-image a.png --mask m.png --steps 10 --jump-length 3 --jump-count 2 --dry-run"
    let around = String(decoding: try run(line + " --sampler ddpm").output, as: UTF8.self)
    #expect(around.contains("\nsampler     DDPM, 19 steps, "), "\(around)")
    #expect(around.contains(", from a.png at strength 1.0, inpainted with m.png\n"), "\(around)")
    let heun = String(decoding: try run(line + " --sampler heun --guidance 1").output, as: UTF8.self)
    #expect(heun.contains("\nsampler     Heun, 19 steps, 37 forward passes, from"), "\(heun)")
    #expect(try files == ["a.png", "m.png"])
  }

  /// What cannot be, before anything is drawn.
  @Test(arguments: [
    (
      "--init-image a.png --strength 0.01", 1,
      "--strength 0.01 of 20 steps is less than one step; type --strength 0.05 or more, or more --steps"
    ),
    (
      "--init-image a.png --steps 1", 1,
      "--strength 0.6 of 1 step is less than one step; type --strength 1.0 or more, or more --steps"
    ),
    ("--init-image none.png", 1, "none.png: cannot be read: No such file or directory"),
    ("--init-image text.png", 1, "text.png: is no PNG, JPEG, .npz or .npy; save it as one of these"),
    (
      "--init-image a.png --mask large.png", 1,
      "large.png: has 30×30 pixels, but the picture has 28×28; make the mask as large"
    ),
    (
      "--init-image a.png --mask black.png", 1,
      "black.png: keeps all of the picture; make white what is to be drawn anew"
    ),
    ("--init-image a.png --mask x.npy", 1, "x.npy: is no PNG or JPEG; save the mask as one"),
    (
      "--init-image x.npy", 1,
      """
      x.npy: holds pictures of 2×2 pixels, but the model draws 28×28; \
      scale them, or give a PNG or JPEG, which is cut and scaled
      """
    ),
    (
      "--init-image l.npz", 1, "l.npz: has the label 11, but the embedded model has 11 classes, 0 to 10"
    ),
    ("--mask black.png", 64, "--mask needs an image; type --init-image and its file too, or --condition for Palette"),
    (
      "--init-image a.png --noise x.npy", 64,
      "--init-image and --noise both say what to start from; type only one of them"
    ),
  ])
  func mistakesLeaveNothingBehind(line: String, status: Int32, message: String) throws {
    defer { cleanUp() }
    try writePicture()
    try writeMask("large.png", size: 30)
    try writeMask("black.png", from: 28)
    try write(Array("no picture".utf8), "text.png")
    try write(npy([1, 1, 2, 2], .float32([0, 0, 0, 0])), "x.npy")
    try write(
      plainNPZ([
        ("arr_0", [1, 28, 28, 1], .uint8([UInt8](repeating: 0, count: 784))), ("arr_1", [1], .int64([11])),
      ]), "l.npz")
    let before = try files
    let result = try run(line)
    #expect(result.errors == "sample: \(message)\n")
    #expect(result.status == status)
    #expect(try files == before)
  }

  @Test func superResolutionStartsFromNoise() throws {
    defer { cleanUp() }
    try writePicture()
    let model = Fixture.path("unet/improved-superres.weights.safetensors")
    let result = try run("--model \(model) --init-image a.png --out b.png")
    #expect(
      result.errors
        == """
        sample: --init-image: \(model) is a super-resolution model, which starts from noise; \
        type --low-res in place of --init-image

        """)
    #expect(try files == ["a.png"])
  }
}
