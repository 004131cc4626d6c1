import DiffusionImages
import Foundation
import TensorCore
import Testing

/// A picture from a stranger says of itself what the stranger likes.
struct StrangersPicturesTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  /// Writes a picture that says it was drawn with this model and these options.
  private func write(model: String?, arguments: [String]) throws {
    var says: [String: Any] = ["version": "0.1.0", "model_hash": "00", "seed": 1, "image": 0, "arguments": arguments]
    says["model"] = model
    let json = String(decoding: try JSONSerialization.data(withJSONObject: says), as: UTF8.self)
    let picture = try Picture(Tensor([1, 1, 2, 2], [0, 0, 0, 0]), 0)
    try Data(try picture.png(text: [("sample", json), ("parameters", "\u{1B}]0;title\u{7}")]))
      .write(to: folder.appendingPathComponent("p.png"))
  }

  /// Someone pastes the command that `sample show` prints, and no word of the stranger's is run.
  @Test(arguments: ["x' ; touch PWNED ; echo '.pt", "$(touch PWNED)", "\u{1B}[2J' ; touch PWNED ; '", "--out=PWNED"])
  func theCommandRunsNothingElse(model: String) throws {
    defer { cleanUp() }
    try write(model: model, arguments: ["--seed", "1", "--class", "' ; touch PWNED ; '", "--steps", "2"])
    let shown = try run("show p.png")
    #expect(shown.status == 0, "\(shown.errors)")
    let text = String(decoding: shown.output, as: UTF8.self)
    #expect(!text.contains("\u{1B}") && !text.contains("\u{7}"))
    let command = try #require(text.split(separator: "\n").last)
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    // Words are shown in place of a program that may not be installed.
    shell.arguments = ["-c", "sample() { printf '%s\\0' \"$@\" > words; }; \(command)"]
    shell.currentDirectoryURL = folder
    try shell.run()
    shell.waitUntilExit()
    #expect(try files == ["p.png", "words"])
    let words = try bytes("words").split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    #expect(words.contains(model.hasPrefix("-") ? "--model=\(model)" : model) && words.contains("' ; touch PWNED ; '"))
    #expect(words.suffix(2) == ["--out", "again.png"])
  }

  /// Nor does it write where the stranger likes.
  @Test func theCommandWritesNothingElse() throws {
    defer { cleanUp() }
    try write(
      model: nil,
      arguments: ["--seed", "1", "--steps", "2", "--log", ".bashrc", "--stats", "s", "--frames", ".profile"])
    let text = String(decoding: try run("show p.png").output, as: UTF8.self)
    #expect(text.hasSuffix("\nsample --seed 1 --steps 2 --frames again-frames.png --out again.png\n"), "\(text)")
  }

  @Test func whatIsNotUnderstoodIsNoCommand() throws {
    defer { cleanUp() }
    try write(model: nil, arguments: ["convert", "a", "\u{1B}[2J"])
    let shown = try run("show p.png")
    let text = String(decoding: shown.output, as: UTF8.self)
    #expect(shown.status == 0 && !text.contains("to draw it again, type") && !text.contains("\u{1B}"))
  }
}
