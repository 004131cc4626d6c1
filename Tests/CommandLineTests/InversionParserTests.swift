import DiffusionCore
import Sampling
import Testing

@testable import DiffusionCommandLine

/// The verbs about given pictures.
struct InversionParserTests {
  private func read(_ line: String) throws -> Command { try parse(line.split(separator: " ").map(String.init)) }

  @Test func encodeTakesPictures() throws {
    guard case .encode(let options, let images) = try read("encode a.png b.png --class 7,2 -o z.npy --steps 250") else {
      Issue.record("not understood as encode")
      return
    }
    #expect(images == ["a.png", "b.png"])
    #expect(
      options.output.destination?.path == "z.npy" && options.request.steps == 250
        && options.request.classes == [.typed("7"), .typed("2")])
    guard case .encode(let usual, images: ["-a.png"]) = try read("encode --respacing ddim25 --no-clip -- -a.png") else {
      Issue.record("not understood as encode")
      return
    }
    #expect(
      usual.output.destination == nil && usual.request.respacing == "ddim25" && usual.request.clipDenoised == false)
  }

  @Test func reconstructWritesPicturesOrNone() throws {
    guard case .reconstruct(let options, let images) = try read("reconstruct a.png b.png") else {
      Issue.record("not understood as reconstruct")
      return
    }
    #expect(
      images.count == 2 && options.output.destination == nil
        && options.request.source == .reconstruction(of: images))
    guard case .reconstruct(let sheet, _) = try read("reconstruct a.png b.png c.png --out s.png --grid 3 --scale 2")
    else {
      Issue.record("not understood as reconstruct")
      return
    }
    #expect(sheet.output.sheet == SheetLayout(columns: 3) && sheet.output.scale == 2 && sheet.request.count == 3)
  }

  @Test func interpolateTakesPicturesOrSeeds() throws {
    guard case .interpolate(let options) = try read("interpolate a.png b.png --frames 5 --out f-%02d.png")
    else {
      Issue.record("not understood as interpolate")
      return
    }
    #expect(
      options.request.source == .interpolation(.pictures("a.png", "b.png"), frames: 5)
        && options.request.count == 5 && options.output.sheet == nil)
    guard case .interpolate(let seeded) = try read("interpolate --seed 18446744073709551615..2 --guidance 2")
    else {
      Issue.record("not understood as interpolate")
      return
    }
    #expect(seeded.request.source == .interpolation(.seeds(.max, 2), frames: 8) && seeded.request.guidance == 2)
    // Eight in a row.
    #expect(seeded.request.count == 8 && seeded.output.sheet == SheetLayout(columns: 8))
    guard case .interpolate(let sheet) = try read("interpolate a.png b.png --grid --guidance 1 -o s.png") else {
      Issue.record("not understood as interpolate")
      return
    }
    #expect(sheet.output.sheet == SheetLayout())
  }

  @Test func nllReports() throws {
    guard case .nll(let options, images: ["x.npz"]) = try read("nll x.npz --json --out t.CSV --rng torch --seed 5")
    else {
      Issue.record("not understood as nll")
      return
    }
    #expect(
      options.json && options.inversion.report == .csv("t.CSV") && options.request.noiseStream == .torch
        && options.request.seed == 5)
    guard case .nll(let other, _) = try read("nll x.png --out t.json --class 7") else {
      Issue.record("not understood as nll")
      return
    }
    #expect(other.inversion.report == .json("t.json") && other.request.classes == [.typed("7")])
  }

  @Test(arguments: [
    ("encode", "encode needs an image; type for instance sample encode img.png --out z.npy"),
    ("reconstruct", "reconstruct needs an image; type for instance sample reconstruct img.png --out again.png"),
    ("nll --steps 3", "nll needs an image; type for instance sample nll img.png"),
    ("encode a.png --out z.png", "--out: sample encode writes an array, not z.png; type --out z.npy"),
    (
      "encode a.png --guidance 2",
      """
      --guidance: images are encoded without guidance, which cannot be inverted; \
      leave it out, and draw them again with --guidance 1
      """
    ),
    (
      "reconstruct a.png --guidance=2",
      """
      --guidance: images are encoded without guidance, which cannot be inverted; \
      leave it out, and draw them again with --guidance 1
      """
    ),
    (
      "encode a.png --sampler heun",
      "--sampler: sample encode always uses ddim without --eta, as nothing else can be inverted; leave it out"
    ),
    (
      "interpolate a.png b.png --eta 1",
      "--eta: sample interpolate always uses ddim without --eta, as nothing else can be inverted; leave it out"
    ),
    ("encode a.png --seed 1", "--seed belongs to sample, not to sample encode; leave it out"),
    ("encode a.png --frames 3", "--frames belongs to sample interpolate, not to sample encode; leave it out"),
    ("nll a.png --guidance 2", "--guidance belongs to sample, not to sample nll; leave it out"),
    (
      "reconstruct a.png b.png --out x.png",
      "2 images do not fit into one file; type --out 'x-%05d.png' for one file per image, or --grid for one sheet"
    ),
    ("reconstruct a.png --grid", "--grid is for images that are written; type for instance --out sheet.png too"),
    ("reconstruct a.png --scale 2", "--scale is for images that are written; type for instance --out sheet.png too"),
    (
      "reconstruct a.png --out -",
      """
      --out -: the reconstruction errors go to standard output; type for instance --out again.png
      """
    ),
    (
      "interpolate",
      """
      sample interpolate needs two ends, but none is given; \
      type sample interpolate A.png B.png, or --seed 1..2 and no images
      """
    ),
    (
      "interpolate a.png",
      """
      sample interpolate needs two ends, but one is given; \
      type sample interpolate A.png B.png, or --seed 1..2 and no images
      """
    ),
    (
      "interpolate a.png b.png --seed 1..2",
      "--seed 1..2 and images both give the ends; type sample interpolate A.png B.png, or --seed 1..2 and no images"
    ),
    ("interpolate a b c", "interpolate takes only A.png and B.png; leave \"c\" out"),
    ("interpolate --seed 1", "--seed: \"1\" is not a pair of seeds; type for instance --seed 1..2"),
    ("interpolate --seed 1..x", "--seed: \"1..x\" is not a pair of seeds; type for instance --seed 1..2"),
    ("interpolate --seed 1...2", "--seed: \"1...2\" is not a pair of seeds; type for instance --seed 1..2"),
    (
      "interpolate --seed 1..18446744073709551616",
      "--seed: \"1..18446744073709551616\" is not a pair of seeds; type for instance --seed 1..2"
    ),
    (
      "interpolate a.png b.png --guidance 2",
      """
      --guidance: images are encoded without guidance, which cannot be inverted; \
      leave it out, or interpolate between --seed 1..2
      """
    ),
    (
      "interpolate a.png b.png --frames 1", "--frames: 1 is out of range; type --frames with a number from 2 to 1000000"
    ),
    ("nll a.png --out x.png", "--out: sample nll writes .json and .csv, not x.png; type for instance --out nll.json"),
    ("nll a.png --steps 5 --respacing 10", "--steps and --respacing both choose the timesteps; type only one of them"),
    ("nll a.png -q --progress bar", "--quiet and --progress bar contradict each other; type only one of them"),
  ])
  func mistakesSayWhatToType(line: String, message: String) {
    do {
      Issue.record("\(line) was understood: \(try read(line))")
    } catch { #expect("\(error)" == message) }
  }

  /// All words after the verb are pictures, for zsh too.
  @Test func zshOffersFilesForEachPicture() {
    let script = completions(for: .zsh, of: .sample)
    #expect(script.contains("'*:IMAGE...:_files'"))
    #expect(script.contains("'2:B.png:_files'"))
  }
}
