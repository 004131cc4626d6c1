import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Names of files and what is in them may come from anyone. Whatever they hold, no program sends a terminal anything
/// that it would act on: neither control characters nor those that turn the writing around.
struct HostileContentTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  /// As they may be in an archive that someone downloads.
  static let names = [
    "\u{1B}[31mred\u{1B}]0;title\u{7}", "a\nb\rc", "\u{202E}gnp", "it's \"$(touch PWNED)\" `touch PWNED`",
    "-rf --out=x",
    "\u{9B}2J\u{7F}", "\u{2066}x\u{2069}\u{200F}\u{2028}", String(repeating: "long ", count: 40),
  ]

  /// Checks what a run has said.
  private func expectHarmless(_ result: SampleResult, _ what: String, sourceLocation: SourceLocation = #_sourceLocation)
  {
    #expect(
      result.status != 132 && result.status < 134, "\(what): status \(result.status)", sourceLocation: sourceLocation)
    for (stream, text) in [
      ("output", String(decoding: result.output, as: UTF8.self)), ("errors", result.errors),
    ] {
      let harmful = text.unicodeScalars.filter { scalar in
        scalar != "\n"
          && (scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.properties.isBidiControl
            || scalar == "\u{2028}" || scalar == "\u{2029}")
      }
      #expect(harmful.isEmpty, "\(what): \(stream): \(text.debugDescription)", sourceLocation: sourceLocation)
    }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    #expect(!files.contains("PWNED"), "\(what)", sourceLocation: sourceLocation)
  }

  private func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  private func write(_ bytes: [UInt8], _ name: String) throws {
    try FileManager.default.createDirectory(
      at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url(name))
  }

  private func picture(_ side: Int = 16, text: [(key: String, value: String)] = []) throws -> [UInt8] {
    let picture = Picture(
      width: side, height: side, channels: 1, pixels: (0..<side * side).map { UInt8(truncatingIfNeeded: $0 * 5) })
    return try picture.png(text: text)
  }

  private static let small = [
    "--image-size", "16", "--in-channels", "1", "--num-channels", "32", "--num-res-blocks", "1", "--channel-mult", "1",
    "--attention-resolutions", "16", "--num-heads", "1", "--batch-size", "2", "--steps", "1",
  ]

  /// A folder of classes with such names is trained on, gone on with, drawn from, described and converted; the pictures
  /// have such names, too.
  @Test func aFolderOfClassesFromAnyone() throws {
    defer { cleanUp() }
    for name in Self.names { try write(try picture(), "data/\(name)/\(name).png") }
    let trained = try run(
      "train", words: ["--data", "data", "--out", "run \u{1B}[2J", "--class-cond", "True"] + Self.small)
    expectHarmless(trained, "train")
    #expect(trained.status == 0, "\(trained.errors)")
    expectHarmless(
      try run("train", words: ["--data", "data", "--out", "run \u{1B}[2J"] + Self.small),
      "train into a run that is there")
    expectHarmless(try run("train", words: ["--resume", "run \u{1B}[2J", "--steps", "2"]), "resume")
    for line in [["inspect", "run \u{1B}[2J"], ["inspect", "--json", "run \u{1B}[2J"]] {
      let result = try run("sample", words: line)
      expectHarmless(result, "\(line)")
      #expect(result.status == 0, "\(result.errors)")
    }
    for (i, name) in Self.names.enumerated() {
      let drawn = try run(
        "sample", words: ["--model", "run \u{1B}[2J", "--class=\(name)", "--steps", "1", "--out", "\(i).png"])
      expectHarmless(drawn, "--class \(name)")
      expectHarmless(try run("sample", words: ["show", "\(i).png"]), "show")
      expectHarmless(try run("sample", words: ["reproduce", "\(i).png"]), "reproduce")
      for verb in ["nll", "encode", "reconstruct"] {
        expectHarmless(
          try run(
            "sample",
            words: [verb, "--model", "run \u{1B}[2J", "--steps", "1", "--class=\(name)", "data/\(name)/\(name).png"]),
          "\(verb) \(name)")
      }
      expectHarmless(
        try run(
          "sample",
          words: [
            "--model", "run \u{1B}[2J", "--steps", "1", "--init-image", "data/\(name)/\(name).png", "--out",
            "o/\(name).png",
            "--log", "\(name).log", "--stats", "-",
          ]), "--init-image \(name)")
    }
    expectHarmless(
      try run("sample", words: ["--model", "run \u{1B}[2J", "--class", "none", "--steps", "1"]), "a class that is none")
    for name in Self.names {
      expectHarmless(
        try run("sample", words: ["convert", "run \u{1B}[2J", "./\(name).safetensors"]), "convert to \(name)")
      expectHarmless(try run("sample", words: ["inspect", "./\(name).safetensors"]), "inspect \(name)")
      expectHarmless(
        try run("sample", words: ["--model", "./\(name).safetensors", "--num-channels", "64"]), "--model \(name)")
    }
    expectHarmless(try run("sample", words: ["--model", "."]), "a folder of such models")
  }

  /// Files of which every kind of thing that is read has such contents.
  @Test func filesFromAnyone() throws {
    defer { cleanUp() }
    for (i, name) in Self.names.enumerated() {
      let json = String(decoding: try JSONSerialization.data(withJSONObject: [name], options: []), as: UTF8.self)
      let text = String(json.dropFirst().dropLast())
      try write(
        safetensors(
          #"{"__metadata__": {"config": \#(text)}, \#(text): {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}"#),
        "\(i).safetensors")
      try write(
        safetensors(#"{\#(text): {"dtype": \#(text), "shape": [1], "data_offsets": [0, 4]}}"#), "\(i)t.safetensors")
      try write(Array(#"{"weight_map": {\#(text): \#(text)}}"#.utf8), "\(i).safetensors.index.json")
      try write(Array(#"{"metadata": \#(text), \#(text): 1"#.utf8), "\(i).json")
      try write(Array(name.utf8), "\(i).txt")
      for file in ["\(i).safetensors", "\(i)t.safetensors", "\(i).safetensors.index.json", "\(i).json", "\(i).txt"] {
        for line in [["inspect", file], ["--model", file], ["convert", file, "c\(i).pt"], ["--classifier", file]] {
          expectHarmless(try run("sample", words: line), "\(line) of \(name.debugDescription)")
        }
        expectHarmless(
          try run("train", words: ["--data", file, "--out", "r", "--resume-checkpoint", file] + Self.small),
          "train \(file)")
      }
      // A folder as diffusers saves it.
      let small = "diffusers/default-like"
      try? FileManager.default.removeItem(at: url("d"))
      try FileManager.default.copyItem(atPath: Fixture.path(small), toPath: url("d").path)
      for (file, contents) in [
        ("scheduler/scheduler_config.json", #"{"_class_name": \#(text), "beta_schedule": \#(text)}"#),
        ("model_index.json", #"{"_class_name": \#(text), \#(text): [\#(text), \#(text)]}"#),
        ("unet/config.json", #"{"_class_name": \#(text), "down_block_types": [\#(text)]}"#),
      ] {
        try write(Array(contents.utf8), "d/\(file)")
        expectHarmless(try run("sample", words: ["inspect", "d"]), "\(file) of \(name.debugDescription)")
        try FileManager.default.removeItem(at: url("d/\(file)"))
      }
      try write(try picture(text: [("sample", name), (i == 0 ? "k" : "parameters", name)]), "p.png")
      try write(
        try picture(text: [
          (
            "sample",
            #"{"version": \#(text), "model": \#(text), "model_hash": \#(text), "seed": 1, "#
              + #""image": 0, "arguments": [\#(text)]}"#
          )
        ]), "q.png")
      for file in ["p.png", "q.png"] {
        for verb in ["show", "reproduce"] { expectHarmless(try run("sample", words: [verb, file]), "\(verb) \(file)") }
      }
      try write(plainNPZ([(name, [1], .uint8([0]))]), "x.npz")
      try write(
        Array("\u{93}NUMPY\u{1}\u{0}".unicodeScalars.map { UInt8($0.value) }) + [UInt8(name.utf8.count), 0]
          + Array(name.utf8), "x.npy")
      for file in ["x.npz", "x.npy"] {
        expectHarmless(try run("sample", words: ["--init-image", file]), "--init-image \(file)")
        expectHarmless(try run("sample", words: ["--noise", file]), "--noise \(file)")
        expectHarmless(try run("train", words: ["--data", file, "--out", "r", "--class-cond"] + Self.small), file)
      }
      try write(
        Array(#"{"out": \#(text), "model": \#(text), \#(text): 1}"#.utf8) + Array("\n".utf8)
          + Array(#"{"class": [\#(text)], "steps": 1}"#.utf8) + Array("\n\(name)\n".utf8)
          + Array(#"{"model": \#(text)}"#.utf8) + Array("\n".utf8)
          + Array(#"{"sampler": \#(text)}"#.utf8), "r.jsonl")
      let answers = try run("sample", words: ["run", "r.jsonl"])
      expectHarmless(answers, "run")
      for line in String(decoding: answers.output, as: UTF8.self).split(separator: "\n") {
        #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
      }
      try write(
        Array(#"{"arguments": [\#(text)], "request": {"data": \#(text)}, \#(text): \#(text)}"#.utf8), "run\(i)/run.json"
      )
      expectHarmless(try run("train", words: ["--resume", "run\(i)"]), "run.json")
    }
  }

  /// Words that are typed, or put together by a script, with such names in them.
  @Test func wordsFromAnyone() throws {
    defer { cleanUp() }
    for name in Self.names {
      for option in ["model", "out", "class", "sampler", "steps", "respacing", "noise", "log", name] {
        for line in [["--\(option)", name], ["--\(option)=\(name)"]] {
          expectHarmless(try run("sample", words: line + ["--steps", "0"]), "\(line)")
          expectHarmless(try run("train", words: line), "train \(line)")
        }
      }
      for verb in ["inspect", "convert", "show", "reproduce", "encode", "run", "completions", name] {
        expectHarmless(try run("sample", words: [verb, name]), verb)
      }
      expectHarmless(try run("sample", words: ["-\(name)"]), "-\(name)")
    }
  }

  private func safetensors(_ header: String) -> [UInt8] {
    let count = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + Array(header.utf8) + [0, 0, 0, 0]
  }
}
