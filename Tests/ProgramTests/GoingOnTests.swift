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
  }

  @Test(
    "A job that is begun again when its archive is complete succeeds, and leaves it as it is",
    arguments: ["x.npz", "x.tar", "x.npy"])
  func completeArchives(name: String) throws {
    defer { cleanUp() }
    let line = "--count 3 --steps 2 --class 0-9 --out \(name) --resume"
    try run("\(line) --quiet")
    let whole = try bytes(name)
    let again = try run(line)
    #expect(again.status == 0 && again.errors.contains("3 images, of which 3 were on disk already"), "\(again.errors)")
    #expect(try bytes(name) == whole)
    #expect(try files == [name])
    let more = try run(line.replacing("count 3", with: "count 4"))
    #expect(more.status == 1 && more.errors.contains("\(name): was drawn otherwise ("), "\(more.errors)")
    if name == "x.npy" {
      // The format has no place for it.
      #expect(again.errors.contains("note: x.npy does not say how it was drawn; only its shape could be compared\n"))
      #expect(!again.errors.contains("seed"))
      return
    }
    #expect(again.errors.contains(", as in \(name)\n"), "\(again.errors)")
    let other = try run(line.replacing("steps 2", with: "steps 3"))
    #expect(other.status == 1 && other.errors.contains("steps: 2 there, 3 here"), "\(other.errors)")
    // Without metadata, shapes are compared.
    try run("\(line) --no-metadata --quiet".replacing(name, with: "y-\(name)"))
    let silent = try run("\(line) --no-metadata".replacing(name, with: "y-\(name)"))
    #expect(silent.status == 0 && silent.errors.contains("only its shape could be compared"), "\(silent.errors)")
  }

  @Test(
    "What a power failure leaves behind the last image that was on the disk is drawn again",
    arguments: ["x.npz", "x.tar", "x.npy"])
  func powerFailures(name: String) throws {
    defer { cleanUp() }
    let line = "--count 12 --steps 4 --batch 2 --class 0-9 --quiet --seed 5"
    try run("\(line) --out whole-\(name)")
    let process = try start("\(line) --out \(name)")
    while size("\(name).partial") < 3000 && process.process.isRunning { usleep(2000) }
    kill(process.process.processIdentifier, SIGKILL)
    _ = try process.wait()
    // The file had grown, but only zeros are there.
    let handle = try FileHandle(forWritingTo: folder.appendingPathComponent("\(name).partial"))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(count: 5000))
    try handle.close()
    let record = folder.appendingPathComponent("\(name).partial.json")
    let said = try Data(contentsOf: record)
    try FileManager.default.removeItem(at: record)
    let refused = try run("\(line) --out \(name) --resume").errors
    let missing = "\(name).partial.json, which says how \(name).partial was drawn, is missing or damaged; type"
    #expect(refused.hasPrefix("sample: --resume: \(missing)"), "\(refused)")
    try said.write(to: record)
    try run("\(line) --out \(name) --resume")
    #expect(try bytes(name) == bytes("whole-\(name)"))
  }

  @Test("A PNG that is damaged in an unfinished archive is drawn again, with those behind it")
  func damagedMembers() throws {
    defer { cleanUp() }
    let line = "--count 12 --steps 4 --batch 2 --class 0-9 --quiet --seed 5"
    try run("\(line) --out whole.tar")
    let process = try start("\(line) --out x.tar")
    while size("x.tar.partial") < 6000 && process.process.isRunning { usleep(2000) }
    kill(process.process.processIdentifier, SIGKILL)
    _ = try process.wait()
    let handle = try FileHandle(forWritingTo: folder.appendingPathComponent("x.tar.partial"))
    // Within the first PNG, behind its header.
    try handle.seek(toOffset: 512 + 60)
    try handle.write(contentsOf: [0, 1, 2, 3])
    try handle.close()
    try run("\(line) --out x.tar --resume")
    #expect(try bytes("x.tar") == bytes("whole.tar"))
  }

  @Test("NumPy and zip see nothing of what an archive says of itself")
  func theRecordIsInvisible() throws {
    defer { cleanUp() }
    try run("--count 2 --steps 1 --seed 7 --class 3 --out x.npz --quiet")
    try run("--count 2 --steps 1 --seed 7 --class 3 --out y.npz --quiet --no-metadata")
    #expect(try NPZArchive(bytes("x.npz"), path: "x").names == ["arr_0", "arr_1"])
    // The same bytes, but for the length of the comment and the comment.
    let (with, without) = (try bytes("x.npz"), try bytes("y.npz"))
    #expect(Array(with.prefix(without.count - 2)) == Array(without.dropLast(2)) && without.suffix(2) == [0, 0])
    #expect(String(decoding: with.dropFirst(without.count), as: UTF8.self).contains(#""seed":7"#))
  }

  @Test("A disk that is full ends a run as Ctrl-C does: with how many images are done, and the command that goes on")
  func fullDisks() throws {
    defer { cleanUp() }
    let line = "--count 40 --steps 2 --batch 2 --seed 1 --out x.npz"
    // No file can be larger than 16 KiB: what is 20 images.
    let result = try shell("trap '' XFSZ; ulimit -f 16; exec sample \(line)")
    #expect(result.status == 1 && result.errors.contains(" of 40 images are drawn; to continue, type\n"))
    #expect(result.errors.contains("sample \(line) --resume\n"), "\(result.errors)")
    try run("\(line) --resume --quiet")
    try run("\(line.replacing("x.npz", with: "y.npz")) --quiet")
    #expect(try bytes("x.npz") == bytes("y.npz"))
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
