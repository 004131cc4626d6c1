import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Many images: parts of a run, resumption, interruption, archives, and what images say of themselves.
struct BatchTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func contents(_ name: String) throws -> [String: [UInt8]] {
    let path = folder.appendingPathComponent(name).path
    var contents: [String: [UInt8]] = [:]
    for file in try FileManager.default.contentsOfDirectory(atPath: path) {
      contents[file] = try bytes(name + "/" + file)
    }
    return contents
  }

  private func makeFolders(_ names: String...) throws {
    for name in names {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
    }
  }

  /// Shards and ranges of indices are the images of the whole, byte for byte, whatever the batch.
  @Test func partsAreThoseOfTheWhole() throws {
    defer { cleanUp() }
    try makeFolders("whole", "parts", "range")
    try run("--count 11 --steps 2 --seed 3 --out whole/%03d.png")
    for part in 1...4 {
      let result = try run("--count 11 --shard \(part)/4 --batch 2 --steps 2 --seed 3 --out parts/%03d.png")
      #expect(result.status == 0, "\(result.errors)")
    }
    let whole = try contents("whole")
    #expect(whole.count == 11)
    #expect(try contents("parts") == whole)
    try run("--index 4-6 --steps 2 --seed 3 --out range/%03d.png")
    #expect(try contents("range") == whole.filter { ["004.png", "005.png", "006.png"].contains($0.key) })
    try run("--index 9 --steps 2 --seed 3 --out nine.png")
    #expect(try bytes("nine.png") == whole["009.png"])
    try makeFolders("both")
    try run("--index 3-9 --shard 2/3 --steps 2 --seed 3 --out both/%03d.png")
    #expect(try contents("both") == whole.filter { ["004.png", "007.png"].contains($0.key) })
    for shard in ["9223372036854775807/9223372036854775807", "1/9223372036854775807"] {
      let one = try run("--index 9223372036854775806 --shard \(shard) --steps 1 --seed 3 --out parts/none%d.png")
      #expect(one.status == 0, "\(shard): \(one.errors)")
    }
    let none = try run("--count 3 --shard 4/4 --steps 2 --seed 3 --out parts/x%d.png")
    #expect(none.status == 0 && none.errors.contains("nothing to draw"), "\(none.errors)")
  }

  @Test func resumptionKeepsWhatIsWhole() throws {
    defer { cleanUp() }
    try makeFolders("d")
    let line = "--count 6 --steps 2 --seed 3 --batch 4 --out d/%d.png"
    try run(line)
    let whole = try contents("d")
    // One missing, one cut short, one damaged within, one left over from a process that was killed.
    try FileManager.default.removeItem(at: folder.appendingPathComponent("d/1.png"))
    let short = Array(try #require(whole["2.png"]).dropLast(20))
    try Data(short).write(to: folder.appendingPathComponent("d/2.png"))
    var damaged = try #require(whole["3.png"])
    damaged[damaged.count - 30] ^= 1
    try Data(damaged).write(to: folder.appendingPathComponent("d/3.png"))
    let host = ProcessInfo.processInfo.hostName
    try Data([1]).write(to: folder.appendingPathComponent("d/.1.png.\(host)-999999999.tmp"))
    // Another machine's may be at work still.
    try Data([1]).write(to: folder.appendingPathComponent("d/.1.png.elsewhere-999999999.tmp"))
    let refused = try run(line)
    #expect(refused.errors.hasPrefix("sample: --out: d/0.png exists; type --resume to keep"), "\(refused.errors)")
    let resumed = try run(line + " --resume")
    #expect(
      resumed.status == 0 && resumed.errors.contains("6 images, of which 3 were on disk already"), "\(resumed.errors)")
    try FileManager.default.removeItem(at: folder.appendingPathComponent("d/.1.png.elsewhere-999999999.tmp"))
    #expect(try contents("d") == whole)
    let other = try run("--count 6 --steps 3 --seed 3 --out d/%d.png --resume")
    #expect(other.status == 1)
    #expect(other.errors.contains("d/0.png: was drawn otherwise (steps: 2 there, 3 here)"), "\(other.errors)")
    #expect(try contents("d") == whole)
  }

  /// Ctrl-C: the status of an interruption, a command to go on with, which does, and nothing half-written.
  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func interruption(signal: Int32, status: Int32) throws {
    defer { cleanUp() }
    try makeFolders("d", "whole")
    let process = try start("--count 400 --steps 50 --batch 4 --seed 3 --out d/%03d.png")
    // As soon as the first images are there; temporary files come and go.
    let path = folder.appendingPathComponent("d").path
    while try FileManager.default.contentsOfDirectory(atPath: path).allSatisfy({ $0.hasPrefix(".") })
      && process.process.isRunning
    { usleep(10_000) }
    kill(process.process.processIdentifier, signal)
    let result = try process.wait()
    #expect(result.status == status, "\(result.errors)")
    // On a slow machine lines say beforehand how far the run is.
    let lines = result.errors.split(separator: "\n").drop { $0.hasPrefix("image ") }
    #expect(lines.first == "ending with this step; Ctrl-C again stops at once", "\(result.errors)")
    #expect(lines.dropFirst().first?.contains("of 400 images are drawn; to continue, type") == true, "\(result.errors)")
    #expect(
      lines.last?.hasSuffix("sample --count 400 --steps 50 --batch 4 --seed 3 --out d/%03d.png --resume") == true
        || lines.last?.hasSuffix("--out 'd/%03d.png' --resume") == true, "\(result.errors)")
    let drawn = try contents("d")
    #expect(drawn.count < 400 && drawn.keys.allSatisfy { !$0.hasPrefix(".") })
    try run("--index 0-3 --steps 50 --seed 3 --out whole/%03d.png")
    #expect(try contents("whole").allSatisfy { drawn[$0.key] == $0.value })
  }

  @Test func archivesGrow() throws {
    defer { cleanUp() }
    try makeFolders("d")
    try run("--count 5 --class 0-9 --steps 2 --seed 3 --out d/%05d.png")
    for name in ["x.tar", "x.npz", "x.npy"] {
      let result = try run("--count 5 --class 0-9 --steps 2 --seed 3 --batch 2 --out \(name)")
      #expect(result.status == 0, "\(result.errors)")
    }
    let archive = try NPZArchive(bytes("x.npz"), path: "x")
    let (pixels, labels) = (try archive.array("arr_0"), try archive.array("arr_1"))
    #expect(pixels.shape == [5, 28, 28, 1])
    guard case .uint8(let values) = pixels.elements, case .int64(let classes) = labels.elements else {
      Issue.record("other types")
      return
    }
    #expect(classes == [0, 1, 2, 3, 4])
    let third = try Picture(png: bytes("d/00002.png"))
    #expect(Array(values[2 * 784..<3 * 784]) == third.pixels)
    #expect(try readNPY(bytes("x.npy"), path: "x").shape == [5, 1, 28, 28])
    // Of an entry of a tar, the name stands in front and the file 512 bytes behind.
    let tar = try bytes("x.tar")
    let first = try bytes("d/00000.png")
    #expect(Array(tar[..<9]) == Array("00000.png".utf8))
    #expect(Array(tar[512..<512 + first.count]) == first)
  }

  @Test func imagesSayHowTheyWereDrawn() throws {
    defer { cleanUp() }
    try run("--index 7 --class 3 --steps 4 --seed 5 --eta 0.5 --scale 2 --out a.png")
    let shown = try run("show a.png")
    let text = String(decoding: shown.output, as: UTF8.self)
    #expect(text.contains("parameters: Steps: 4, Sampler: DDIM, CFG scale: 1.5, Seed: 5, Size: 28x28, Model hash: "))
    #expect(text.contains(", Model: digits, Class: 3, Image: 7\n"))
    // The command that it prints draws the same bytes.
    let line = try #require(text.split(separator: "\n").last).dropFirst("sample ".count)
    try run(String(line))
    #expect(try bytes("again.png") == bytes("a.png"))
    let again = try run("reproduce a.png")
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.output == Array("a.png: pixel-identical\n".utf8))
    // So does that of a sheet.
    try run("--count 4 --grid 2 --class 1,2 --steps 2 --seed 5 --out sheet.png")
    let sheet = String(decoding: try run("show sheet.png").output, as: UTF8.self)
    try run(String(try #require(sheet.split(separator: "\n").last).dropFirst("sample ".count)))
    #expect(try bytes("again.png") == bytes("sheet.png"))
    #expect(try run("reproduce sheet.png").errors.hasPrefix("sample: sheet.png: is a sheet of several images"))
    try run("--index 7 --class 3 --steps 4 --seed 5 --eta 0.5 --scale 2 --no-metadata --out b.png")
    #expect(try Picture(png: bytes("b.png")) == Picture(png: bytes("a.png")))
    #expect(try run("show b.png").errors == "sample: b.png: has no metadata\n")
    #expect(try run("reproduce b.png").errors.hasPrefix("sample: b.png: does not say how it was drawn"))
    // Other pixels with the same words.
    let chunks = try pngText(bytes("a.png"))
    let grey = Picture(width: 56, height: 56, channels: 1, pixels: [UInt8](repeating: 9, count: 56 * 56))
    try Data(grey.png(text: chunks)).write(to: folder.appendingPathComponent("c.png"))
    let differs = try run("reproduce c.png")
    #expect(differs.status == 1 && differs.errors.contains("of 3136 values differ"), "\(differs.errors)")
    let model = Fixture.path("unet/improved-additive.weights.safetensors")
    let other = try run("reproduce --model \(model) a.png")
    #expect(other.errors.contains("was drawn by the model"), "\(other.errors)")
  }

  @Test func logHasALineForEachImage() throws {
    defer { cleanUp() }
    try run("--count 3 --class 4,5 --steps 2 --seed 3 --out %d.png --log run.jsonl --quiet")
    let lines = String(decoding: try bytes("run.jsonl"), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 3)
    #expect(
      lines[1].hasPrefix(#"{"class":5,"file":"1.png","image":1,"seconds":"#) && lines[1].hasSuffix(#","seed":3}"#))
  }
}
