import DiffusionImages
import Foundation
import TensorCore
import TestSupport
import Testing

/// The release binary, run as a user runs it.
struct CommandLineTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  @Test func drawsAnImageAndPrintsTheSeed() throws {
    defer { cleanUp() }
    let result = try run("--steps 50 --out img.png")
    #expect(result.status == 0 && result.output.isEmpty)
    let said = result.errors
    #expect(said.wholeMatch(of: /img\.png: seed \d+, 50 UniPC steps, \d+\.\d\d s\n/) != nil, "\(said)")
    #expect(try files == ["img.png"])
    let picture = try Picture(png: bytes("img.png"))
    #expect((picture.width, picture.height, picture.channels) == (28, 28, 1))
    // A digit: some ink, mostly black.
    let ink = picture.pixels.reduce(0) { $0 + Int($1) } / 784
    #expect((8...100).contains(ink))
  }

  @Test func theSameSeedGivesTheSameBytes() throws {
    defer { cleanUp() }
    let settings = "--steps 4 --seed 5 --quiet --overwrite"
    try run("\(settings) --count 5 --out a%d.png")
    for (i, variation) in ["--threads 1", "--threads 3", "--batch 1", "--batch 2", "--batch 5 --threads 2"].enumerated()
    {
      try run("\(settings) --count 5 \(variation) --out b%d.png")
      for k in 0..<5 { #expect(try bytes("a\(k).png") == bytes("b\(k).png"), "variation \(i), image \(k)") }
    }
    try run("\(settings) --count 2 --out b%d.png")
    for k in 0..<2 { #expect(try bytes("a\(k).png") == bytes("b\(k).png")) }
    try run("\(settings) --out one.png")
    #expect(try bytes("a0.png") == bytes("one.png"))
    #expect(try bytes("a0.png") != bytes("a1.png"))
    // With noise drawn at every step, too.
    try run("\(settings) --sampler ddpm --count 3 --batch 3 --out a%d.png")
    try run("\(settings) --sampler ddpm --count 3 --batch 2 --threads 1 --out b%d.png")
    for k in 0..<3 { #expect(try bytes("a\(k).png") == bytes("b\(k).png")) }
  }

  @Test func kernelTablesDifferByAtMostOneGreyLevel() throws {
    defer { cleanUp() }
    let settings = "--steps 10 --seed 2 --count 4 --grid --quiet"
    try run("\(settings) --out best.png")
    let best = try Picture(png: bytes("best.png"))
    for table in ["baseline", "avx2", "avx512"] {
      let result = try run("\(settings) --out \(table).png", environment: ["SAMPLE_KERNELS": table])
      // A table that this CPU lacks is refused.
      guard result.status == 0 else {
        #expect(result.errors.hasPrefix("sample: SAMPLE_KERNELS=\(table): this CPU runs baseline"))
        continue
      }
      let picture = try Picture(png: bytes("\(table).png"))
      let difference = zip(best.pixels, picture.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(difference <= 1, "\(table)")
    }
  }

  /// The pixels that the original code drew, through the command line:
  /// noise from PyTorch's stream, its samplers, its guidance.
  @Test(arguments: [
    ("ddim50", "--sampler ddim --guidance 1"), ("ddim10", "--sampler ddim --steps 10 --guidance 1"),
    ("ddpm50", "--sampler ddpm --steps 50 --guidance 1"), ("ddim50-guidance2", "--respacing ddim50 --guidance 2"),
  ])
  func drawsTheOriginalsPixels(tag: String, settings: String) throws {
    defer { cleanUp() }
    let reference = try Fixture("digits.io")
    let expected = reference.bytes("\(tag).pixels")
    try run("--rng torch --seed 12 --count 10 --class 0-9 \(settings) --quiet --grid 1 --out sheet.png")
    let sheet = try Picture(png: bytes("sheet.png"))
    #expect((sheet.width, sheet.height) == (28, 280))
    #expect(zip(sheet.pixels, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 })

    try run("--rng torch --seed 12 --count 10 --class 0-9 \(settings) --quiet --out x.npy")
    let x = try readNPY(bytes("x.npy"), path: "x.npy")
    expectClose(x, reference.tensor("\(tag).sample"), tolerance: 1e-3, tag)
  }

  /// The same images again from the noise as a file.
  @Test func noiseFromAFile() throws {
    defer { cleanUp() }
    let reference = try Fixture("digits.io")
    let noise = reference.tensor("noise")
    try Data(npy(noise.shape, .float32(noise.values))).write(to: folder.appendingPathComponent("noise.npy"))
    let settings = "--class 0-9 --guidance 1 --sampler ddim --quiet --noise noise.npy --out x.npy"
    try run("--count 10 --batch 3 \(settings)")
    expectClose(
      try readNPY(bytes("x.npy"), path: "x.npy"), reference.tensor("ddim50.sample"), tolerance: 1e-3)
    let result = try run("--count 3 \(settings)")
    #expect(
      result.errors
        == "sample: noise.npy: holds noise of shape [10, 1, 28, 28], but [3, 1, 28, 28] is needed; type --count 10\n")
  }

  @Test func arraysAsTheOriginalWritesThem() throws {
    defer { cleanUp() }
    try run("--count 3 --class 7,1 --steps 2 --seed 1 --quiet --out x.npz")
    let archive = try bytes("x.npz")
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 28, 28, 1), }"
    #expect(String(decoding: archive, as: Unicode.ASCII.self).contains(header))
    let labels: [Int64] = [7, 1, 7]
    let bytes = labels.flatMap { label in (0..<8).map { UInt8(truncatingIfNeeded: label >> (8 * $0)) } }
    #expect(archive.indices.contains { archive[$0...].starts(with: bytes) })
  }

  @Test func standardOutputAndFolders() throws {
    defer { cleanUp() }
    let piped = try run("--steps 2 --seed 3 --out -")
    #expect(try Picture(png: piped.output).width == 28)
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("many"), withIntermediateDirectories: true)
    try run("--steps 2 --seed 3 --count 2 --quiet --out many")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path + "/many").sorted() == ["00000.png", "00001.png"])
    #expect(try bytes("many/00000.png") == piped.output)
    let again = try run("--steps 2 --seed 4 --count 2 --out many")
    #expect(again.status == 1)
    #expect(
      again.errors
        == """
        sample: --out: many/00000.png exists; type --resume to keep what is there and draw the rest, \
        --overwrite to replace it, or choose another --out

        """)
    #expect(try bytes("many/00000.png") == piped.output)
  }

  @Test func statistics() throws {
    defer { cleanUp() }
    try run("--steps 3 --count 2 --grid --seed 9 --threads 1 --quiet --out x.png --stats s.json")
    let stats = try #require(try JSONSerialization.jsonObject(with: Data(bytes("s.json"))) as? [String: Any])
    #expect(stats["seed"] as? Int == 9 && stats["steps"] as? Int == 3 && stats["images"] as? Int == 2)
    #expect(stats["threads"] as? Int == 1)
    #expect((stats["gflop_per_second"] as? Double ?? 0) > 0 && (stats["peak_memory_bytes"] as? Int ?? 0) > 1 << 20)
  }

  /// Every number of steps from one up; among them those that upstream refuses or crashes on.
  @Test(arguments: ["ddim", "ddpm", "dpmpp-2m", "dpmpp-2m-sde", "unipc", "heun", "euler", "euler-a", "plms"])
  func anyNumberOfSteps(sampler: String) throws {
    defer { cleanUp() }
    for steps in [1, 2, 3, 7, 33] {
      let result = try run("--sampler \(sampler) --steps \(steps) --seed 1 --out x.png")
      #expect(result.status == 0, "\(steps): \(result.errors)")
    }
    let result = try run("--sampler \(sampler) --steps 1001 --out y.png")
    #expect(result.errors == "sample: 1001 steps are more than the 1000 of the process; type at most 1000\n")
    #expect(result.status == 1)
  }

  @Test(arguments: [
    ("--stesp 5", 64, "sample: there is no option --stesp; did you mean --steps?\n"),
    (
      "--class x", 64,
      "sample: --class: the model has no class \"x\"; its classes are 0 to 9 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)\n"
    ),
    ("--out no/x.png", 1, "sample: --out: there is no folder no; make it with mkdir -p no\n"),
    (
      "--out nofolder", 1,
      """
      sample: --out: there is no folder nofolder; type --out nofolder/ to make it, or --out nofolder.png for a file

      """
    ),
    ("--model none.pt", 1, "sample: none.pt: cannot be read: No such file or directory\n"),
    (
      "--model .", 1,
      """
      sample: .: is a folder, and not one that diffusers saved (it has no diffusion_pytorch_model); \
      give the checkpoint in it, a .pt or .safetensors for instance

      """
    ),
    (
      "--num-heads 8", 1, "sample: --num-heads 8 contradicts the embedded model, which says 4; leave --num-heads out\n"
    ),
    (
      "--class-cond False", 1,
      "sample: --class-cond False contradicts the 11 classes of the embedded model; leave it out\n"
    ),
    (
      "--low-res x.png", 1,
      "sample: --low-res: the embedded model is not a super-resolution model; leave --low-res out\n"
    ),
    ("--noise none.npy", 1, "sample: none.npy: cannot be read: No such file or directory\n"),
    (
      "--num-channels 64", 1,
      "sample: --num-channels 64 contradicts the embedded model, whose tensors say 32; leave --num-channels out\n"
    ),
    (
      "--learn-sigma", 1,
      """
      sample: --learn-sigma True contradicts the embedded model, which takes 1 channels and puts out 1; \
      leave --learn-sigma out

      """
    ),
    (
      "--attention-resolutions 14,8", 1,
      """
      sample: --attention-resolutions 14,8 contradicts the embedded model, whose tensors have attention at 14,7; leave \
      --attention-resolutions out, or check --image-size (28)

      """
    ),
    (
      "--channel-mult 1,2", 1,
      "sample: --channel-mult 1,2 contradicts the embedded model, whose tensors say 1,2,2; leave --channel-mult out\n"
    ),
    (
      "--respacing ddim999", 1,
      "sample: no integer stride takes exactly 999 of 1000 timesteps; --steps 999 spaces them as evenly as it goes\n"
    ),
    (
      "--respacing x", 1,
      """
      sample: "x" is not a spacing of timesteps; type a number of steps (250), a number for each section (10,15,20), \
      or ddim and a number (ddim50)

      """
    ),
  ])
  func mistakesLeaveNothingBehind(line: String, status: Int32, message: String) throws {
    defer { cleanUp() }
    let result = try run(line)
    #expect(result.errors == message)
    #expect(result.status == status)
    #expect(try files == [])
  }

  /// Nothing that a name or a file holds breaks a line, moves the cursor or turns the writing around.
  @Test func errorsAreOnePrintableLine() throws {
    defer { cleanUp() }
    let hostile = "a\nb\u{1B}[2J\u{202E}c.pt"
    let long = String(repeating: "é", count: 50_000)
    for line in ["--model \(hostile)", "inspect \(hostile)", "--\(hostile)", "\(hostile)", "--steps \(long)"] {
      let result = try run(line)
      #expect(result.status != 0 && result.status < 128)
      #expect(result.errors.hasSuffix("\n") && result.errors.count < 5000, "\(result.errors)")
      #expect(
        !result.errors.dropLast().unicodeScalars.contains { $0.value < 32 || $0.value == 0x202E }, "\(result.errors)")
    }
    let errors = try run("--model \(hostile)").errors
    #expect(errors == "sample: a\\nb\\u{1B}[2J\\u{202E}c.pt: cannot be read: No such file or directory\n")
  }

  @Test func helpAndVersion() throws {
    defer { cleanUp() }
    let help = try run("--help")
    #expect(help.status == 0 && help.errors.isEmpty)
    #expect(String(decoding: help.output, as: UTF8.self).hasPrefix("sample draws images with a diffusion model.\n"))
    #expect(try run("--version").output == Array("sample 0.9.0\n".utf8))
  }
}
