import DiffusionImages
import Foundation
import TestSupport
import Testing

/// How images come about: as an animation, as a strip, and on the terminal.
struct DenoisingViewsTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func picture(_ name: String) throws -> Picture { try Picture(png: bytes(name)) }

  /// The grey pictures that stand side by side.
  private func columns(_ picture: Picture, _ count: Int) -> [Picture] {
    let width = picture.width / count
    return (0..<count).map { column in
      var pixels: [UInt8] = []
      for y in 0..<picture.height {
        let begin: Int = y * picture.width + column * width
        pixels += picture.pixels[begin..<begin + width]
      }
      return Picture(width: width, height: picture.height, channels: 1, pixels: pixels)
    }
  }

  private func isClose(_ a: Picture, _ b: Picture) -> Bool {
    let differences: [Int] = zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }
    return a.pixels.count == b.pixels.count && differences.allSatisfy { $0 <= 1 }
  }

  /// What the model expects at a step of DDIM is what comes of a drawing that ends there: with the timesteps up to it.
  @Test func framesAreWhatShorterDrawingsEndIn() throws {
    defer { cleanUp() }
    let timesteps = ["900", "500", "200", "50"]
    let settings = "--seed 4 --class 3 --quiet --timesteps"
    let result = try run("\(settings) \(timesteps.joined(separator: ",")) --out x.png --frames f.png --strip s.png")
    #expect(result.status == 0, "\(result.errors)")
    let animation = try PlainAnimation(bytes("f.png"))
    let frames = try animation.frames.map { try Picture(png: $0) }
    let strip = columns(try picture("s.png"), 4)
    #expect(frames.count == 4 && animation.plays == 0 && animation.milliseconds == [250, 250, 250, 2000])
    for count in 1...4 {
      try run("\(settings) \(timesteps.prefix(count).joined(separator: ",")) --out short.png")
      let expected = try picture("short.png")
      #expect(isClose(frames[count - 1], expected), "\(count)")
      #expect(isClose(strip[count - 1], expected), "\(count)")
    }
    // Each differs from the next, so that none of this holds by itself.
    #expect(!zip(frames, frames.dropFirst()).contains { isClose($0, $1) })
    #expect(try frames[3] == picture("x.png"))
    #expect(try Picture(png: animation.still) == picture("x.png"))
    #expect(try picture("f.png") == picture("x.png"))
    // The picture is the one that is drawn without them.
    try run("\(settings) \(timesteps.joined(separator: ",")) --out alone.png")
    #expect(try bytes("alone.png") == bytes("x.png"))
  }

  /// A sheet's frames are sheets, whatever the batch; rows of a strip are images.
  @Test func sheets() throws {
    defer { cleanUp() }
    let settings = "--steps 3 --seed 6 --quiet"
    for batch in [1, 2, 5] {
      let result = try run(
        """
        \(settings) --count 5 --grid 3 --scale 2 --batch \(batch) --out x\(batch).png --frames f\(batch).png \
        --strip s\(batch).png
        """)
      #expect(result.status == 0, "\(result.errors)")
    }
    for name in ["f", "s"] {
      #expect(try bytes("\(name)1.png") == bytes("\(name)5.png"))
      #expect(try bytes("\(name)2.png") == bytes("\(name)5.png"))
    }
    let frames = try PlainAnimation(bytes("f5.png")).frames.map { try Picture(png: $0) }
    #expect(try frames.last == picture("x5.png"))
    #expect(try picture("f5.png") == picture("x5.png"))
    var singles: [[Picture]] = []
    for image in 0..<5 {
      try run("\(settings) --index \(image) --out y.png --frames g.png --overwrite")
      singles.append(try PlainAnimation(bytes("g.png")).frames.map { try Picture(png: $0) })
    }
    for step in 0..<3 {
      #expect(try frames[step] == grid(singles.map { $0[step] }, columns: 3).enlarged(by: 2))
    }
    #expect(try picture("s5.png") == grid(singles.flatMap { $0 }, columns: 3).enlarged(by: 2))
  }

  /// Of many steps, a hundred are frames and ten stand on the strip, the first and the last among them.
  @Test func manySteps() throws {
    defer { cleanUp() }
    let settings = "--sampler ddpm --seed 2 --quiet"
    try run("\(settings) --steps 109 --out x.png --frames f.png --strip s.png")
    let animation = try PlainAnimation(bytes("f.png"))
    #expect(animation.frames.count == 100)
    #expect((4900...5000).contains(animation.milliseconds.reduce(0, +)))
    let strip = columns(try picture("s.png"), 10)
    #expect(try strip[9] == picture("x.png"))
    #expect(try strip[0] == Picture(png: animation.frames[0]))
    // The strip has the steps 1, 13, 25, …; of every twelve steps, eleven are frames.
    #expect(try strip[1] == Picture(png: animation.frames[11]))
  }

  @Test func sayHowTheyWereDrawn() throws {
    defer { cleanUp() }
    try run("--steps 3 --seed 5 --index 7 --out x.png --frames f.png --strip s.png --quiet")
    for (name, again) in [("f", "again-frames"), ("s", "again-strip")] {
      let shown = String(decoding: try run("show \(name).png").output, as: UTF8.self)
      #expect(shown.contains("parameters: Steps: 3, Sampler: UniPC") && shown.contains("Image: 7"))
      try run(String(try #require(shown.split(separator: "\n").last).dropFirst("sample ".count)))
      #expect(try bytes("\(again).png") == bytes("\(name).png"))
      #expect(try bytes("again.png") == bytes("x.png"))
    }
    #expect(try run("reproduce f.png").output == Array("f.png: pixel-identical\n".utf8))
    #expect(
      try run("reproduce s.png").errors
        == """
        sample: s.png: shows an image at several steps; draw it again with the command that sample show s.png prints

        """)
    try run("--steps 1 --seed 5 --no-metadata --overwrite --out x.png --frames f.png --quiet")
    #expect(try run("show f.png").errors == "sample: f.png: has no metadata\n")
  }

  @Test(arguments: [
    ("--frames no/f.png", "sample: --frames: there is no folder no; make it with mkdir -p no\n"),
    ("--strip no/f.png", "sample: --strip: there is no folder no; make it with mkdir -p no\n"),
    ("--frames d.png", "sample: d.png: is a folder; name a file in it\n"),
    (
      "--frames f.png --out d.png",
      """
      sample: --frames shows the denoising of one image or sheet, but --out is a folder, for one file per image; \
      type for instance --out img.png

      """
    ),
  ])
  func mistakesLeaveNothingBehind(line: String, message: String) throws {
    defer { cleanUp() }
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("d.png"), withIntermediateDirectories: true)
    let result = try run("--steps 1 \(line)")
    #expect(result.errors == message)
    #expect(result.status == 1)
    #expect(try files == ["d.png"])
  }

  /// The picture does not appear without them, nor anything half-written.
  @Test func whatCannotBeWrittenTakesThePictureWithIt() throws {
    defer { cleanUp() }
    let (there, gone) = (folder.appendingPathComponent("d"), folder.appendingPathComponent("e"))
    try FileManager.default.createDirectory(at: there, withIntermediateDirectories: true)
    let process = try start("--steps 300 --seed 1 --out x.png --frames d/f.png --preview")
    // The warning comes when the folder has been looked for, and before the first step.
    while try Data(contentsOf: process.err).isEmpty && process.process.isRunning { usleep(1000) }
    try FileManager.default.moveItem(at: there, to: gone)
    let result = try process.wait()
    #expect(result.status == 1)
    #expect(
      result.errors.hasSuffix(
        "\nsample: d/f.png: cannot be written: there is no folder d/; make it with mkdir -p d/\n"), "\(result.errors)")
    #expect(try files == ["e"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: gone.path).isEmpty)
  }

  @Test func withoutATerminalThereIsAWarning() throws {
    defer { cleanUp() }
    let result = try run("--steps 2 --seed 1 --out x.png --preview", environment: ["TERM": "xterm"])
    #expect(result.status == 0)
    #expect(
      result.errors.hasPrefix("warning: --preview shows nothing, as standard error is not a terminal\nx.png: seed 1"))
    try run("--steps 2 --seed 1 --out y.png --quiet")
    #expect(try bytes("x.png") == bytes("y.png"))
  }
}

/// What a terminal is shown.
@Suite(.enabled(if: hasPseudoTerminals, "script (of util-linux) is not installed"))
struct PreviewTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  /// The upper half blocks in `text`, as rows of pixels, by the colours that were set before them.
  private func pixels(_ text: Substring) -> [UInt8] {
    var (above, below): ([UInt8], [UInt8]) = ([], [])
    var pixels: [UInt8] = []
    var (foreground, background): (UInt8, UInt8) = (0, 0)
    var rest = text
    while let character = rest.popFirst() {
      if character == "\u{1B}" {
        let codes = rest.dropFirst().prefix { $0 != "m" }.split(separator: ";").compactMap { UInt8($0) }
        rest = rest[(rest.firstIndex(of: "m") ?? rest.startIndex)...].dropFirst()
        // 38 or 48, 2, red, green, blue.
        for begin in stride(from: 0, to: codes.count - 4, by: 5) {
          if codes[begin] == 38 { foreground = codes[begin + 2] } else { background = codes[begin + 2] }
        }
      } else if character == "▀" {
        above.append(foreground)
        below.append(background)
      } else if character.isNewline {
        pixels += above + below
        (above, below) = ([], [])
      }
    }
    return pixels
  }

  @Test func theLastPictureStays() throws {
    defer { cleanUp() }
    let line = "--steps 20 --seed 3 --out"
    let shown = try runOnTerminal("\(line) x.png --preview", ["COLORTERM": "truecolor"])
    #expect(shown.status == 0)
    // One picture below the other, each but the first drawn over the one before: 28 pixels are 14 lines.
    let text = String(decoding: shown.output, as: UTF8.self)
    let drawings = text.components(separatedBy: "\u{1B}[14A")
    #expect(drawings.count > 1)
    for drawing in drawings { #expect(drawing.count { $0 == "▀" } == 28 * 14) }
    #expect(pixels(Substring(try #require(drawings.last))) == (try Picture(png: bytes("x.png"))).pixels)
    // Behind it, the line that a run ends with, where the progress bar was, in the terminal's own colours.
    let end = try #require(text.components(separatedBy: "\u{1B}[0m").last)
    #expect(end.contains("x.png: seed 3, 20 UniPC steps") && !end.contains("▀"))
    try run("\(line) y.png --quiet")
    #expect(try bytes("x.png") == bytes("y.png"))
  }

  /// At most ten times a second, and once more at the end.
  @Test func isNotShownTooOften() throws {
    defer { cleanUp() }
    let begin = Date()
    let shown = try runOnTerminal("--steps 200 --seed 3 --out x.png --preview", ["COLORTERM": "truecolor"])
    let seconds = Date().timeIntervalSince(begin)
    let drawings = String(decoding: shown.output, as: UTF8.self).components(separatedBy: "\u{1B}[14A")
    #expect(Double(drawings.count) <= 10 * seconds + 2)
  }

  @Test func dataAndColoursStayApart() throws {
    defer { cleanUp() }
    let plain = try runOnTerminal("--steps 2 --seed 3 --preview --out - > x.png", ["NO_COLOR": "1"])
    let text = String(decoding: plain.output, as: UTF8.self)
    #expect(!text.contains("\u{1B}[38") && !text.contains("\u{1B}[48") && text.contains("@"))
    try run("--steps 2 --seed 3 --out y.png --quiet")
    #expect(try bytes("x.png") == bytes("y.png"))
    let dumb = try runOnTerminal("--steps 2 --seed 3 --preview --out z.png", ["TERM": "dumb"])
    #expect(
      String(decoding: dumb.output, as: UTF8.self).contains(
        "warning: --preview shows nothing, as the terminal (TERM) cannot move its cursor"))
    #expect(try bytes("z.png") == bytes("y.png"))
  }

  /// Of a batch, as many as fit; and fewer of the last one, over all of the one before.
  @Test func batches() throws {
    defer { cleanUp() }
    let shown = try runOnTerminal(
      "--count 5 --batch 4 --steps 2 --seed 3 --preview --out x.npy", ["COLORTERM": "truecolor"], columns: 60, lines: 40
    )
    #expect(shown.status == 0)
    // 59 columns and 38 lines: two beside two, then one.
    let text = String(decoding: shown.output, as: UTF8.self)
    let first = text.components(separatedBy: "\u{1B}[28A")[0]
    #expect(first.count { $0 == "▀" } == 4 * 28 * 14)
    let last = try #require(text.components(separatedBy: "\u{1B}[28A\u{1B}[J").last)
    #expect(last.components(separatedBy: "\u{1B}[14A")[0].count { $0 == "▀" } == 28 * 14)
  }

  @Test func interruptionLeavesTheTerminalAsItWas() throws {
    defer { cleanUp() }
    let shown = try runOnTerminal(
      "--count 100000 --grid --steps 50 --seed 3 --preview --out x.png --frames f.png", ["COLORTERM": "truecolor"],
      interruptedAfter: 1)
    let text = String(decoding: shown.output, as: UTF8.self)
    let end = try #require(text.components(separatedBy: "\u{1B}[0m").last)
    #expect(end.contains("interrupted: nothing is written; to continue, type"), "\(end)")
    #expect(!end.contains("▀") && !text.contains("\u{1B}[?"))
    #expect(try files == [])
  }
}
