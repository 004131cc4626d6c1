import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Given pictures, encoded, drawn again and interpolated between by the release binary.
struct InversionTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  /// Two pictures that nobody has drawn, `a.png` and `b.png`.
  private func writePictures(side: Int = 28) throws {
    for (name, seed) in [("a.png", 1), ("b.png", 2)] {
      let noise = scrambled([side * side], seed: UInt64(seed))
      let pixels = noise.values.map { UInt8(max(0, $0 * 255)) }
      let picture = Picture(width: side, height: side, channels: 1, pixels: pixels)
      try Data(picture.png()).write(to: folder.appendingPathComponent(name))
    }
  }

  private func pixels(_ name: String) throws -> [UInt8] { try Picture(png: bytes(name)).pixels }

  /// Ten of MNIST's test pictures, which the model has not seen, come back to within 0.02 of a range of 2, on average.
  @Test func picturesComeBack() throws {
    defer { cleanUp() }
    let result = try run("reconstruct \(Fixture.path("mnist.npz")) --steps 250 --grid --out sheet.png")
    #expect(result.status == 0, "\(result.errors)")
    let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 12 && lines.last?.hasSuffix("all 10") == true, "\(lines)")
    for line in lines.dropFirst() {
      let error = try #require(Double(line.prefix { $0 != " " }))
      #expect(error > 0 && error <= 0.02, "\(line)")
    }
    // The errors are those of what was written, but for rounding to pixels.
    let archive = try NPZArchive([UInt8](Data(contentsOf: URL(fileURLWithPath: Fixture.path("mnist.npz")))), path: "")
    guard case .uint8(let given) = try archive.array("arr_0").elements else {
      Issue.record("the pictures are no bytes")
      return
    }
    let sheet = try Picture(png: bytes("sheet.png"))
    #expect((sheet.width, sheet.height) == (4 * 28, 3 * 28))
    var sum = 0.0
    for (i, value) in given.enumerated() {
      let (n, y, x) = (i / 784, i / 28 % 28, i % 28)
      let drawn = sheet.pixels[(n / 4 * 28 + y) * sheet.width + n % 4 * 28 + x]
      sum += abs(Double(drawn) - Double(value)) / 127.5
    }
    let said = try #require(lines.last.flatMap { Double($0.prefix { $0 != " " }) })
    #expect(abs(sum / Double(given.count) - said) < 1 / 127.5)
  }

  /// The noise that is written draws what `reconstruct` draws, by the command that `encode` prints, whatever the batch.
  @Test func encodedNoiseDrawsTheSame() throws {
    defer { cleanUp() }
    try writePictures()
    let result = try run("encode a.png b.png --class 7,2 --steps 3 --out z.npy")
    #expect(result.status == 0 && result.output.isEmpty)
    let lines = result.errors.split(separator: "\n").map(String.init)
    #expect(lines.count == 2 && lines[0].hasPrefix("z.npy: 2 images, 3 steps of DDIM inversion, "), "\(lines)")
    let command = "sample --grid --count 2 --steps 3 --sampler ddim --guidance 1.0 --class 7,2 --noise z.npy"
    #expect(lines.last == command + " --out again.png")
    try run(String(try #require(lines.last).dropFirst("sample ".count)))
    let again = try run("reconstruct a.png b.png --class 7,2 --steps 3 --batch 1 --threads 1 --grid --out r.png")
    #expect(again.status == 0 && again.errors.isEmpty, "\(again.errors)")
    #expect(try pixels("again.png") == pixels("r.png"))
    let z = try readNPY(bytes("z.npy"), path: "z.npy")
    #expect(z.shape == [2, 1, 28, 28])
    // A picture's noise is its own.
    try run("encode b.png --class 2 --steps 3 --quiet")
    #expect(try readNPY(bytes("noise.npy"), path: "").values == z.rows(1..<2).values)
    // Without a class they are of none, 10, which counts.
    let none = try run("encode b.png --steps 3 --out none.npy")
    let drawn = "sample --steps 3 --sampler ddim --guidance 1.0 --class 10 --noise none.npy --out again.png\n"
    #expect(none.errors.hasSuffix(drawn), "\(none.errors)")
    #expect(try readNPY(bytes("none.npy"), path: "").values != z.rows(1..<2).values)
  }

  /// Images of seeds are at the ends, and what is between is neither.
  @Test func betweenTwoSeeds() throws {
    defer { cleanUp() }
    let result = try run("interpolate --seed 1..2 --class 3 --frames 3 --steps 2 --out f-%02d.png")
    #expect(result.status == 0 && result.errors.hasPrefix("f-00.png …: 3 images, 2 DDIM steps, "), "\(result.errors)")
    for (frame, seed) in [("f-00.png", 1), ("f-02.png", 2)] {
      try run("--seed \(seed) --class 3 --sampler ddim --steps 2 --quiet --out s.png")
      #expect(try pixels(frame) == pixels("s.png"))
      #expect(try pixels("f-01.png") != pixels("s.png"))
    }
    // Without a class, that of the first.
    try run("interpolate --seed 1..2 --frames 3 --steps 2 --batch 2 --quiet --out row.png")
    try run("--seed 1 --sampler ddim --steps 2 --quiet --out s.png")
    let row = try Picture(png: bytes("row.png"))
    #expect((row.width, row.height) == (84, 28))
    let first = (0..<28).flatMap { row.pixels[$0 * 84..<$0 * 84 + 28] }
    #expect(try first == pixels("s.png"))
  }

  /// Pictures drawn again are at the ends.
  @Test func betweenTwoPictures() throws {
    defer { cleanUp() }
    try writePictures()
    let result = try run("interpolate a.png b.png --class 3 --frames 3 --steps 2 --out f%d.png --quiet")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    try run("reconstruct a.png b.png --class 3 --steps 2 --out r%d.png")
    #expect(try pixels("f0.png") == pixels("r0.png"))
    #expect(try pixels("f2.png") == pixels("r1.png"))
    #expect(try pixels("f1.png") != pixels("r0.png") && pixels("f1.png") != pixels("r1.png"))
    let refused = try run("interpolate a.png b.png --frames 3 --steps 2 --out f%d.png")
    #expect(
      refused.errors
        == "sample: --out: f0.png exists; type --overwrite to replace it, or choose another --out\n")
  }

  /// What was drawn says how, and is drawn again from that.
  @Test func imagesSayWhatDrewThem() throws {
    defer { cleanUp() }
    try writePictures()
    try run("reconstruct a.png b.png --class 7,2 --steps 2 --scale 2 --out r%d.png")
    try run("interpolate a.png b.png --frames 3 --steps 2 --quiet --out f%d.png")
    try run("interpolate --seed 1..2 --frames 3 --steps 2 --quiet --out s%d.png")
    for name in ["r0.png", "r1.png", "f0.png", "f1.png", "s1.png", "s2.png"] {
      let result = try run("reproduce \(name)")
      #expect(String(decoding: result.output, as: UTF8.self) == "\(name): pixel-identical\n", "\(result.errors)")
    }
    let shown = String(decoding: try run("show r1.png").output, as: UTF8.self)
    #expect(
      shown.hasSuffix(
        """
        to draw it again, type
        sample reconstruct b.png --steps 2 --class 2 --scale 2 --out again.png

        """),
      "\(shown)")
    #expect(!shown.contains("Seed"))
    // Another picture of that name is noticed.
    try FileManager.default.removeItem(at: folder.appendingPathComponent("b.png"))
    try FileManager.default.copyItem(
      at: folder.appendingPathComponent("a.png"), to: folder.appendingPathComponent("b.png"))
    #expect(try run("reproduce r1.png").status == 1)
  }

  @Test(arguments: [
    ("encode none.png", "none.png: cannot be read: No such file or directory"),
    ("encode a.png --out no/z.npy", "--out: there is no folder no; make it with mkdir -p no"),
    (
      "encode big.png",
      "big.png: has 32×32 pixels, but the embedded model draws 28×28; scale it to that size first"
    ),
    ("encode x.txt", "x.txt: is no PNG, JPEG, .npz or .npy; save it as one of these"),
    (
      "encode a.png b.png --class 1,2,3",
      "--class: 3 classes are given for 2 images; type one for all, or one for each"
    ),
    ("encode a.png --class 1,2", "--class: 2 classes are given for one image; type one for all"),
    (
      "encode a.png --model \(Fixture.path("unet/improved-odd-28.weights.safetensors")) --class 3",
      "--class: \(Fixture.path("unet/improved-odd-28.weights.safetensors")) has no classes; leave --class out"
    ),
    (
      "encode small.png --model \(Fixture.path("unet/improved-scaleshift-class.pt")) --image-size 16",
      """
      small.png: \(Fixture.path("unet/improved-scaleshift-class.pt")) needs to know its class; \
      type for instance --class 0
      """
    ),
    (
      "encode small.png --model \(Fixture.path("unet/improved-superres.weights.safetensors")) --image-size 16",
      """
      \(Fixture.path("unet/improved-superres.weights.safetensors")): is a super-resolution model; \
      give one that draws from noise alone
      """
    ),
    (
      "nll a.png",
      "a.png: the embedded model needs to know its class; type for instance --class 0"
    ),
    ("nll a.png --class 3 --out no/t.csv", "--out: there is no folder no; make it with mkdir -p no"),
    ("nll a.png --class 3 --steps 1001", "1001 steps are more than the 1000 of the process; type at most 1000"),
    (
      "interpolate a.png b.png --class 3,4",
      "--class: an interpolation is drawn as one class, but 3 and 4 are given; type one of them after --class"
    ),
    (
      "interpolate --seed 1..2 --class 3,4",
      "--class: an interpolation is drawn as one class, but 3 and 4 are given; type one of them after --class"
    ),
    (
      "interpolate a.png \(Fixture.path("mnist.npz"))",
      """
      \(Fixture.path("mnist.npz")): holds 10 images, but an interpolation starts and ends with one; \
      give a file with a single image
      """
    ),
    (
      "reconstruct \(Fixture.path("mnist.npz")) --out x.png",
      "10 images do not fit into one file; type --out 'x-%05d.png' for one file per image, or --grid for one sheet"
    ),
  ])
  func mistakesLeaveNothingBehind(line: String, message: String) throws {
    defer { cleanUp() }
    try writePictures()
    for (name, side, channels) in [("big.png", 32, 1), ("small.png", 16, 3)] {
      let picture = Picture(
        width: side, height: side, channels: channels, pixels: [UInt8](repeating: 9, count: side * side * channels))
      try Data(picture.png()).write(to: folder.appendingPathComponent(name))
    }
    try Data("words".utf8).write(to: folder.appendingPathComponent("x.txt"))
    let before = try files
    let result = try run(line)
    #expect(result.errors == "sample: \(message)\n")
    #expect(result.status == 1 || result.status == 64)
    #expect(try files == before)
  }
}
