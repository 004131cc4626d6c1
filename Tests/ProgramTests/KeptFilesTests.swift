import Foundation
import Testing

/// What somebody has already is not lost: inputs and finished work are never replaced by surprise.
struct KeptFilesTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func refuses(_ line: String, _ message: String, status: Int32 = 1) throws {
    let before = try Dictionary(uniqueKeysWithValues: files.map { ($0, (try? bytes($0)) ?? []) })
    let result = try run(line.hasPrefix("convert ") ? line : line + " --quiet")
    #expect(result.status == status && result.errors.hasPrefix("sample: " + message), "\(line): \(result.errors)")
    let after = try Dictionary(uniqueKeysWithValues: files.map { ($0, (try? bytes($0)) ?? []) })
    #expect(after == before, "\(line)")
  }

  private func refusesInFolder(_ line: String, _ message: String, _ name: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(name)").sorted()
    let before = names.map { try? bytes("\(name)/\($0)") }
    try refuses(line, message)
    #expect(names.map { try? bytes("\(name)/\($0)") } == before, "\(line)")
  }

  private func link(_ name: String, to file: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/\(name)", withDestinationPath: "\(folder.path)/\(file)")
  }

  @Test("An input by any of its names is no output: the same path, another spelling, a symbolic or a hard link")
  func inputsAreNotReplaced() throws {
    defer { cleanUp() }
    try run("--steps 1 --seed 1 --class 3 --quiet --out a.png")
    try run("--steps 1 --seed 2 --class 3 --quiet --out b.png")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/soft.png", withDestinationPath: folder.path + "/a.png")
    try FileManager.default.linkItem(atPath: folder.path + "/a.png", toPath: folder.path + "/hard.png")
    for name in ["a.png", "./a.png", "soft.png", "hard.png", folder.path + "/a.png"] {
      try refuses(
        "--init-image a.png --steps 2 --out \(name)", "--out: \(name) is read too (--init-image), and would be")
    }
    try refuses("--init-image a.png --mask b.png --steps 2 --out b.png", "--out: b.png is read too (--mask)")
    try refuses("--init-image a.png --steps 2 --out c.png --strip b.png --mask b.png", "--strip: b.png is read too")
    try refuses("interpolate a.png b.png --class 3 --steps 2 --out a.png", "--out: a.png is read too (one of the two)")
    try refuses("reconstruct a.png --class 3 --steps 2 --out a.png", "--out: a.png is read too")
    try run("encode a.png --class 3 --steps 2 --quiet --out z.npy")
    try refuses("--noise z.npy --steps 2 --overwrite --out z.npy", "--out: z.npy is read too (--noise)")
    try run("--count 2 --steps 1 --seed 1 --quiet --out in/%d.png")
    try refuses(
      "--init-image in --steps 2 --overwrite --out in/%d.png", "--out: in/0.png is read too (--init-image)")
    try link("other.png", to: "in/1.png")
    try refuses(
      "--count 3 --init-image other.png --steps 2 --overwrite --out in/%d.png",
      "--out: in/1.png is read too (--init-image), and would be replaced")
    try refuses("--count 2 --steps 1 --overwrite --out in/%d.png --log other.png", "--out and --log would both write")
  }

  @Test("What belongs to a folder that is read stays: settings, logs and weights, under any name")
  func foldersThatAreReadStay() throws {
    defer { cleanUp() }
    let words = "--image-size 16 --num-channels 32 --num-res-blocks 1 --channel-mult 1,1 --attention-resolutions 8"
    try run("--count 4 --steps 1 --seed 1 --quiet --out pictures/")
    let trained = try runTrain("--data pictures \(words) --num-heads 1 --batch-size 2 --steps 2 -o run --quiet")
    #expect(trained.status == 0, "\(trained.errors)")
    let drawing = "--model run --steps 1 --overwrite --out a.png"
    for file in ["run.json", "progress.csv", "ema_0.9999_000002.safetensors", "opt000002.safetensors"] {
      for option in ["--stats", "--log"] {
        try refusesInFolder("\(drawing) \(option) run/\(file)", "\(option): run/\(file) is read too (--model)", "run")
      }
    }
    let model = "run/model000002.safetensors"
    try refusesInFolder("convert run \(model) --overwrite", "the model to be written: \(model) is read too", "run")
    // What was drawn into the folder is none of it.
    for _ in 1...2 { #expect(try run("--model run --steps 1 --quiet --out run/a.png").status == 0) }
    #expect(try run("convert run saved/").status == 0)
    try refusesInFolder(
      "convert saved saved/ --overwrite",
      "the folder: saved/unet/diffusion_pytorch_model.safetensors is read too (the model)", "saved/unet")
    try refusesInFolder(
      "--model saved --steps 1 --overwrite --out b.png --stats saved/unet/config.json",
      "--stats: saved/unet/config.json is read too (--model)", "saved/unet")
  }

  @Test("What an unfinished archive is written to is no input, no other output, and nobody else's file")
  func unfinishedArchivesAreApart() throws {
    defer { cleanUp() }
    try run("--steps 1 --seed 1 --class 3 --quiet --out a.png")
    try run("encode a.png --class 3 --steps 2 --quiet --out z.npy")
    try FileManager.default.moveItem(atPath: folder.path + "/z.npy", toPath: folder.path + "/z.npy.partial")
    try refuses(
      "--noise z.npy.partial --steps 2 --overwrite --out z.npy", "--out: z.npy.partial is read too (--noise)")
    for name in ["x.npz.partial", "x.npz.partial.json"] {
      try refuses("--count 2 --steps 1 --out x.npz --log \(name)", "--out and --log would both write \(name)")
    }
    try Data("precious".utf8).write(to: folder.appendingPathComponent("victim"))
    try link("y.npz.partial", to: "victim")
    try refuses(
      "--count 2 --steps 1 --overwrite --out y.npz", "y.npz.partial: cannot be written: it is not a file of its own")
    try FileManager.default.removeItem(atPath: folder.path + "/y.npz.partial")
    try FileManager.default.linkItem(atPath: folder.path + "/victim", toPath: folder.path + "/y.npz.partial")
    try refuses(
      "--count 2 --steps 1 --overwrite --out y.npz", "y.npz.partial: cannot be written: it is not a file of its own")
  }

  @Test("A resumed run replaces its own statistics and adds to a log, and touches no other file")
  func resumedRunsKnowTheirFiles() throws {
    defer { cleanUp() }
    let drawing = "--count 2 --steps 1 --seed 1 --out p/%d.png"
    try Data("precious\n".utf8).write(to: folder.appendingPathComponent("mine"))
    for option in ["--stats", "--log"] {
      try refuses("\(drawing) --resume \(option) mine", "\(option): mine exists and is not the ")
      try refuses("\(drawing) \(option) mine", "\(option): mine exists; type --overwrite to replace it, or choose")
    }
    let files = "--stats s.json --log l.jsonl"
    #expect(try run("\(drawing) \(files) --quiet").status == 0)
    try refuses("--count 3 --steps 1 --seed 1 --out p/1%d.png --stats s.json", "--stats: s.json exists; type --resume")
    #expect(try run("\(drawing) \(files) --resume --quiet").status == 0)
    try refuses(
      "\(drawing) --shard 1/2 --resume --stats s.json", "--stats: s.json exists and is not the statistics of this run")
  }

  @Test("Archives, logs, statistics and views that are there already need --overwrite; a single picture does not")
  func finishedWorkIsNotReplaced() throws {
    defer { cleanUp() }
    let drawing = "--steps 1 --seed 1"
    for out in ["x.npz", "x.npy", "x.tar"] {
      #expect(try run("\(drawing) --count 2 --quiet --out \(out)").status == 0)
      try refuses("\(drawing) --count 2 --out \(out)", "--out: \(out) exists; type --overwrite to replace it")
      #expect(try run("\(drawing) --count 2 --overwrite --quiet --out \(out)").status == 0)
    }
    let words = "--out a.png --log l.jsonl --stats s.json --frames f.png --strip t.png"
    #expect(try run("\(drawing) --quiet \(words)").status == 0)
    for option in ["--log l.jsonl", "--stats s.json", "--frames f.png", "--strip t.png"] {
      try refuses("\(drawing) --out a.png \(option)", "\(option.split(separator: " ")[0]): ")
    }
    #expect(try run("\(drawing) --quiet --overwrite \(words)").status == 0)
    #expect(String(decoding: try bytes("l.jsonl"), as: UTF8.self).split(separator: "\n").count == 1)
    #expect(try run("\(drawing) --quiet --out a.png").status == 0)
    try run("encode a.png --class 3 --steps 2 --quiet")
    try refuses("encode a.png --class 3 --steps 2", "--out: noise.npy exists")
    try run("nll a.png --class 3 --steps 1 --quiet --out n.csv")
    try refuses("nll a.png --class 3 --steps 1 --out n.csv", "--out: n.csv exists")
  }

  @Test("Parts of a run have names of their own, and need a seed that is the same for all")
  func partsAreApart() throws {
    defer { cleanUp() }
    try refuses(
      "--num_samples 6 --shard 1/2 --steps 1", "--shard 1/2: parts that are drawn with seeds of their own", status: 64)
    for part in 1...2 { try run("--num_samples 6 --shard \(part)/2 --steps 1 --seed 1 --quiet") }
    #expect(try files == ["samples_3x28x28x1_1of2.npz", "samples_3x28x28x1_2of2.npz"])
    try run("--count 2 --grid --shard 1/2 --steps 1 --seed 1 --quiet --out one.png")
    try refuses("--count 2 --grid --shard 2/2 --steps 1 --seed 1 --out one.png", "--out: one.png exists")
  }

  @Test("Two outputs that are one file, or both standard output, are refused")
  func outputsAreApart() throws {
    defer { cleanUp() }
    try refuses("--out x.png --log ./x.png", "--out and --log would both write ./x.png", status: 64)
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/here", withDestinationPath: folder.path)
    try refuses("--steps 1 --out x.png --log here/x.png", "--out and --log would both write here/x.png")
    try refuses("--steps 1 --count 2 --out %d.png --log here/1.png", "--out and --log would both write here/1.png")
    for words in ["--out - --stats -", "--out - --log -", "--log - --stats -"] {
      try refuses(words, "\(words.split(separator: " ")[0]) - and ", status: 64)
    }
    let lines = String(decoding: try run("--steps 1 --seed 5 --quiet --out a.png --log -").output, as: UTF8.self)
    #expect(lines.hasPrefix(#"{"class":"#) && lines.hasSuffix("\"seed\":5}\n"))
  }

  @Test("What cannot be written is said before the first step, and nothing is left behind")
  func unwritableIsLearnedFirst() throws {
    defer { cleanUp() }
    // So many steps that a run that begins would be noticed.
    let drawing = "--steps 1000 --count 100 --grid --seed 1"
    try FileManager.default.createDirectory(atPath: folder.path + "/d.png", withIntermediateDirectories: false)
    for option in ["--stats", "--log", "--frames", "--strip", "--out"] {
      let name = option == "--stats" || option == "--log" ? "f.json" : "f.png"
      try refuses("\(drawing) \(option) no/\(name)", "\(option): there is no folder no; make it with mkdir -p no")
      try refuses("\(drawing) \(option) /proc/\(name)", "/proc/\(name): cannot be written: ")
    }
    for option in ["--stats", "--log", "--frames", "--strip"] {
      try refuses("\(drawing) --out a.png \(option) d.png", "d.png: is a folder; name a file in it")
    }
    try refuses("\(drawing) --stats /dev/null", "/dev/null: is a device or a pipe, not a file; name a file")
    let long = String(repeating: "x", count: 300) + ".png"
    try refuses("\(drawing) --out \(long)", "\(long): cannot be written: its name is longer than 255 bytes")
  }

  @Test("A folder for many images is made where it is meant: in front of a pattern, and with a slash behind its name")
  func foldersAreMade() throws {
    defer { cleanUp() }
    #expect(try run("--count 2 --steps 1 --seed 1 --quiet --out new/deep/%d.png").status == 0)
    #expect(try run("--count 2 --steps 1 --seed 1 --quiet --out pics/").status == 0)
    #expect(try bytes("pics/00001.png") == bytes("new/deep/1.png"))
    #expect(try run("--count 2 --steps 1 --seed 1 --dry-run --out never/%d.png").status == 0)
    try refuses("--count 2 --steps 1 --out other", "--out: there is no folder other; type --out other/ to make it")
    #expect(try files == ["new", "pics"])
  }

  @Test("A model is not converted onto itself")
  func modelsAreNotReplaced() throws {
    defer { cleanUp() }
    try run("--count 1 --steps 1 --seed 1 --quiet --out a.png")
    let digits = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/EmbeddedModel/digits.safetensors").standardizedFileURL
    try FileManager.default.copyItem(at: digits, to: folder.appendingPathComponent("m.safetensors"))
    let result = try run("convert m.safetensors ./m.safetensors --overwrite")
    #expect(
      result.status == 1 && result.errors.contains("./m.safetensors is read too (the model)"), "\(result.errors)")
    #expect(try bytes("m.safetensors").elementsEqual(Data(contentsOf: digits)))
    try refuses(
      "--model m.safetensors --steps 1 --overwrite --stats m.safetensors", "--stats: m.safetensors is read too")
  }
}
