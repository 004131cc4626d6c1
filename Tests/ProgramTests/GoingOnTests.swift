import DiffusionImages
import Foundation
import Testing

/// A night's drawing is interrupted, and gone on with.
struct GoingOnTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func size(_ name: String) -> Int { (try? bytes(name).count) ?? 0 }

  @Test("After kill -9, --resume takes the seed from the files that are there, and says so")
  func theFilesTellTheSeed() throws {
    defer { cleanUp() }
    try run("--count 3 --steps 2 --quiet --out o/%d.png")
    let whole = try (0..<3).map { try bytes("o/\($0).png") }
    try FileManager.default.removeItem(atPath: folder.path + "/o/1.png")
    // One that is cut short says nothing.
    try Data(whole[0].dropLast(20)).write(to: folder.appendingPathComponent("o/0.png"))
    let result = try run("--count 3 --steps 2 --out o/%d.png --resume")
    #expect(result.status == 0 && result.errors.hasPrefix("note: seed "), "\(result.errors)")
    #expect(result.errors.contains(", as in o/2.png\n"))
    #expect(try (0..<3).map { try bytes("o/\($0).png") } == whole)
    // So do parts, which have no other seed.
    try FileManager.default.removeItem(atPath: folder.path + "/o/1.png")
    #expect(try run("--count 3 --shard 2/3 --steps 2 --out o/%d.png --resume").status == 64)
    #expect(try run("--count 3 --shard 1/3 --steps 2 --out o/%d.png --resume").status == 0)
  }

  @Test("What differs is named, with both values")
  func differencesAreNamed() throws {
    defer { cleanUp() }
    let line = "--count 2 --steps 2 --seed 7 --class 3"
    try run("\(line) --quiet --out %d.png")
    func refuses(_ words: String, _ difference: String) throws {
      let result = try run("\(words) --quiet --out %d.png --resume")
      #expect(
        result.status == 1 && result.errors.hasPrefix("sample: 0.png: was drawn otherwise (\(difference))"),
        "\(result.errors)")
    }
    try refuses("--count 2 --steps 3 --seed 7 --class 3", "steps: 2 there, 3 here")
    try refuses("--count 2 --steps 2 --seed 8 --class 3", "seed: 7 there, 8 here")
    try refuses("\(line) --sampler ddim --scale 2", #"sampler: "unipc" there, "ddim" here; scale: 1 there, 2 here"#)
    try refuses("--count 2 --steps 2 --seed 7 --class 4", "class: 3 there, 4 here")
    try refuses("\(line) --bits 16", "bits: 8 there, 16 here")
    try refuses("\(line) --guidance 1", "guidance: 1.5 there, 1 here")
  }

  @Test("An archive that was interrupted is gone on with to the same bytes", arguments: ["x.npz", "x.tar", "x.npy"])
  func archivesGoOn(name: String) throws {
    defer { cleanUp() }
    let line = "--count 12 --steps 4 --batch 2 --class 0-9 --quiet"
    try run("\(line) --seed 5 --out whole-\(name)")
    for kill in 0..<3 {
      let before = size("\(name).partial")
      let process = try start("\(line) --out \(name)" + (kill == 0 ? " --seed 5" : " --resume"))
      while size("\(name).partial") < before + 1500 && process.process.isRunning { usleep(2000) }
      Foundation.kill(process.process.processIdentifier, SIGKILL)
      _ = try process.wait()
    }
    #expect(size("\(name).partial") > 2000 && size(name) == 0)
    // A piece of an image, which a kill may leave.
    let handle = try FileHandle(forWritingTo: folder.appendingPathComponent("\(name).partial"))
    try handle.seekToEnd()
    try handle.write(contentsOf: [1, 2, 3])
    try handle.close()
    let refused = try run("\(line) --seed 5 --out \(name)")
    #expect(refused.errors.hasPrefix("sample: --out: \(name).partial is what an interrupted run left; type --resume"))
    let other = try run("--count 12 --steps 5 --batch 2 --class 0-9 --out \(name) --resume --quiet")
    #expect(other.errors.contains("\(name).partial: was drawn otherwise (steps: 4 there, 5 here)"), "\(other.errors)")
    let classes = try run("--count 12 --steps 4 --batch 2 --class 1-9 --out \(name) --resume --quiet")
    #expect(classes.errors.contains("was drawn otherwise (class: "), "\(classes.errors)")
    let result = try run("\(line) --out \(name) --resume")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try bytes(name) == bytes("whole-\(name)"))
    #expect(try files == ["whole-\(name)", name])
    let again = try run("\(line) --out \(name) --resume")
    #expect(again.errors.hasPrefix("sample: --resume: \(name) is complete"), "\(again.errors)")
  }

  @Test("Ctrl-C keeps what is finished of an archive, and the command that is printed goes on with it")
  func interruptedArchives() throws {
    defer { cleanUp() }
    try Data([1]).write(to: folder.appendingPathComponent("x.npz"))
    let process = try start("--count 40 --steps 20 --batch 2 --out x.npz --overwrite --log l.jsonl")
    while size("l.jsonl") == 0 && process.process.isRunning { usleep(5000) }
    kill(process.process.processIdentifier, SIGINT)
    let result = try process.wait()
    #expect(result.status == 130 && result.errors.contains(" of 40 images are drawn; to continue, type\n"))
    // What was there stays until the new one is whole.
    #expect(try bytes("x.npz") == [1])
    let words = try #require(result.errors.split(separator: "\n").last).split(separator: " ").dropFirst()
    #expect(words.contains("--resume") && !words.contains("--overwrite") && words.contains("--seed"))
    let resumed = try run(words.joined(separator: " "))
    #expect(resumed.status == 0 && resumed.errors.contains("were on disk already"), "\(resumed.errors)")
    #expect(try NPZArchive(bytes("x.npz"), path: "x").array("arr_0").shape == [40, 28, 28, 1])
    #expect(try files == ["l.jsonl", "x.npz"])
  }

  @Test("Only one run at a time writes an archive")
  func oneWriter() throws {
    defer { cleanUp() }
    let line = "--count 400 --steps 100 --batch 2 --seed 1 --out x.npz"
    let process = try start(line)
    while size("x.npz.partial") == 0 && process.process.isRunning { usleep(2000) }
    let second = try run(line + " --resume --quiet")
    #expect(second.errors == "sample: x.npz.partial: cannot be written: another run is writing it\n")
    #expect(size("x.npz.partial") > 0)
    kill(process.process.processIdentifier, SIGKILL)
    _ = try process.wait()
  }
}
