import Foundation
import TestSupport
import Testing

/// A model whose classes are called 1 to 7: what an image stores says which class it is, and what is typed is a name.
struct NumericClassNamesTests: RunsSample {
  let folder: URL

  init() throws {
    folder = try temporaryFolder()
    try FileManager.default.copyItem(
      atPath: Fixture.path("unet/guided-updown-class.pt"), toPath: folder.appendingPathComponent("m.pt").path)
    let names = (1...7).map { "\"\($0)\"" }.joined(separator: ", ")
    try #"{"family": "guided", "image_size": 16, "class_names": [\#(names)]}"#.write(
      to: folder.appendingPathComponent("m.json"), atomically: true, encoding: .utf8)
  }

  @Test func imagesAreReproducedAsTheirClass() throws {
    defer { cleanUp() }
    try run("--model m.pt --class 2 --steps 2 --seed 1 --quiet --out a.png")
    let again = try run("reproduce a.png")
    #expect(
      again.status == 0 && String(decoding: again.output, as: UTF8.self) == "a.png: pixel-identical\n",
      "\(again.errors)")
    let shown = String(decoding: try run("show a.png").output, as: UTF8.self)
    #expect(shown.contains(", Class: 2, ") && shown.contains(" --class 2 "))
    let command = try #require(shown.split(separator: "\n").last).dropFirst("sample ".count)
    try run(String(command) + " --quiet")
    #expect(try bytes("again.png") == bytes("a.png"))
    // The class called 2 is the second.
    try run("--model m.pt --class #1 --steps 2 --seed 1 --quiet --out b.png")
    #expect(try bytes("b.png") == bytes("a.png"))
  }

  @Test func aNumberThatIsNoNameIsRefused() throws {
    defer { cleanUp() }
    let result = try run("--model m.pt --class 0 --steps 2 --out a.png --quiet")
    #expect(result.status == 64)
    #expect(
      result.errors
        == "sample: --class: the model has no class \"0\"; its classes are 1, 2, 3, 4, 5, 6, 7 (or #0 to #6, counted)\n"
    )
    #expect(try run("--model m.pt --class 1-7 --count 7 --steps 1 --out %d.png --quiet").status == 0)
  }
}
