import DiffusionImages
import DiffusionTerminal
import Foundation
import Testing

struct TerminalPictureTests {
  private static let esc = "\u{1B}"

  private func text(_ picture: Picture, _ style: TerminalStyle) throws -> String {
    try picture.terminalText(style, columns: picture.width, lines: (picture.height + 1) / 2, id: 7)
      .replacingOccurrences(of: Self.esc, with: "E")
  }

  @Test func halfBlocksIn24Bits() throws {
    // Two columns, three rows: red over green, blue over blue, black, white; then the last line has no lower half.
    let picture = Picture(
      width: 2, height: 3, channels: 3, pixels: [255, 0, 0, 0, 0, 255, 0, 128, 0, 0, 0, 255, 0, 0, 0, 250, 251, 252])
    #expect(
      try text(picture, .trueColour)
        == "E[38;2;255;0;0;48;2;0;128;0m▀E[38;2;0;0;255;48;2;0;0;255m▀E[0m\nE[38;2;0;0;0m▀E[38;2;250;251;252m▀E[0m\n")
  }

  @Test func coloursAreSetWhereTheyChange() throws {
    let grey = Picture(width: 4, height: 2, channels: 1, pixels: [9, 9, 9, 0, 7, 7, 8, 8])
    #expect(
      try text(grey, .trueColour) == "E[38;2;9;9;9;48;2;7;7;7m▀▀E[48;2;8;8;8m▀E[38;2;0;0;0m▀E[0m\n")
  }

  @Test func halfBlocksIn256Colours() throws {
    // The corners of the cube, one within, and a grey between its levels.
    let row: [UInt8] = [0, 0, 0, 255, 255, 255, 255, 0, 0, 95, 135, 175, 128, 128, 128, 250, 249, 251]
    let picture = Picture(width: 6, height: 1, channels: 3, pixels: row)
    #expect(
      try text(picture, .colours256)
        == "E[38;5;16m▀E[38;5;231m▀E[38;5;196m▀E[38;5;67m▀E[38;5;244m▀E[38;5;231m▀E[0m\n")
  }

  /// No colour of xterm's cube and greys is nearer than the one that is taken.
  @Test func theNearestOf256IsTaken() throws {
    let levels = [0, 95, 135, 175, 215, 255]
    var palette: [Int: [Int]] = [:]
    for index in 0..<216 { palette[16 + index] = [levels[index / 36], levels[index / 6 % 6], levels[index % 6]] }
    for step in 0..<24 { palette[232 + step] = [8 + 10 * step, 8 + 10 * step, 8 + 10 * step] }
    func distance(_ a: [Int], _ b: [Int]) -> Int { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    var state: UInt64 = 5
    for round in 0..<600 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      var colour = [33, 41, 49].map { UInt8(truncatingIfNeeded: state >> $0) }
      // Greys and what is nearly grey, too.
      if round % 2 == 0 { colour = [colour[0], colour[0], UInt8(clamping: Int(colour[0]) + round % 5)] }
      let text = try text(Picture(width: 1, height: 1, channels: 3, pixels: colour), .colours256)
      let index = try #require(Int(text.dropFirst("E[38;5;".count).prefix { $0 != "m" }))
      let wanted = colour.map(Int.init)
      let found = distance(try #require(palette[index]), wanted)
      #expect(palette.values.allSatisfy { distance($0, wanted) >= found }, "\(colour)")
    }
  }

  @Test func charactersFromDarkToBright() throws {
    let grey = Picture(width: 4, height: 3, channels: 1, pixels: [0, 26, 255, 128, 0, 25, 255, 0, 52, 77, 230, 229])
    // Means 0, 25, 255, 64; then the last row alone. A tenth of 256 for each of " .:-=+*#%@".
    #expect(try text(grey, .characters) == "  @:\n:-%%\n")
    // Green is brighter than red, and red than blue.
    let colours = Picture(width: 3, height: 1, channels: 3, pixels: [0, 255, 0, 255, 0, 0, 0, 0, 255])
    #expect(try text(colours, .characters) == "+:.\n")
  }

  @Test func kittyGetsOnePieceOfASmallPicture() throws {
    let picture = Picture(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
    let found = try picture.terminalText(.kitty, columns: 5, lines: 2, id: 42).replacingOccurrences(
      of: Self.esc, with: "E")
    let start = "\n\nE[2AE7E_Ga=T,f=100,i=42,c=5,r=2,C=1,q=2,m=0;"
    let end = "E\\E8E[2B"
    #expect(found.hasPrefix(start) && found.hasSuffix(end), "\(found)")
    let png = try #require(Data(base64Encoded: String(found.dropFirst(start.count).dropLast(end.count))))
    #expect(try Picture(png: [UInt8](png)) == picture)
  }

  @Test func kittyGetsPiecesOfALargeOne() throws {
    let picture = Picture(
      width: 100, height: 100, channels: 3, pixels: (0..<30000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) })
    let found = try picture.terminalText(.kitty, columns: 50, lines: 25, id: 1)
    let pieces = found.components(separatedBy: Self.esc + "_G").dropFirst().map {
      $0.components(separatedBy: Self.esc + "\\")[0].split(separator: ";", maxSplits: 1).map(String.init)
    }
    #expect(pieces.count > 2)
    #expect(pieces.dropLast().allSatisfy { $0[0].hasSuffix("q=2,m=1") && $0[1].utf8.count == 4096 })
    #expect(pieces.last?[0] == "q=2,m=0")
    #expect(pieces.dropFirst().allSatisfy { !$0[0].contains("a=T") })
    let png = try #require(Data(base64Encoded: pieces.map { $0[1] }.joined()))
    #expect(try Picture(png: [UInt8](png)) == picture)
  }

  @Test func iTermGetsAFile() throws {
    let picture = Picture(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
    let found = try picture.terminalText(.iTerm, columns: 5, lines: 2, id: 42)
    let parts = found.replacingOccurrences(of: Self.esc, with: "E").components(separatedBy: ":")
    try #require(parts.count == 2)
    let end = "\u{07}E8E[2B"
    #expect(parts[1].hasSuffix(end))
    let png = try #require(Data(base64Encoded: String(parts[1].dropLast(end.count))))
    #expect(parts[0] == "\n\nE[2AE7E]1337;File=inline=1;size=\(png.count);width=5;height=2")
    #expect(try Picture(png: [UInt8](png)) == picture)
  }

  struct Case: Sendable {
    let environment: [String: String]
    let style: TerminalStyle?

    init(_ style: TerminalStyle?, _ environment: [String: String]) {
      (self.environment, self.style) = (environment, style)
    }
  }

  @Test(arguments: [
    Case(nil, [:]), Case(nil, ["TERM": "dumb", "COLORTERM": "truecolor"]), Case(.characters, ["TERM": "vt100"]),
    Case(.colours256, ["TERM": "xterm-256color"]),
    Case(.trueColour, ["TERM": "xterm-256color", "COLORTERM": "truecolor"]),
    Case(.trueColour, ["TERM": "xterm", "COLORTERM": "24bit"]),
    Case(.characters, ["TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"]),
    Case(.trueColour, ["TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": ""]),
    Case(.kitty, ["TERM": "xterm-kitty", "COLORTERM": "truecolor"]),
    Case(.kitty, ["TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"]), Case(.kitty, ["TERM": "xterm-ghostty"]),
    Case(.characters, ["TERM": "xterm-kitty", "NO_COLOR": "1"]),
    Case(.trueColour, ["TERM": "tmux-256color", "COLORTERM": "truecolor", "KITTY_WINDOW_ID": "1"]),
    Case(.colours256, ["TERM": "xterm-256color", "TMUX": "/tmp/x", "TERM_PROGRAM": "WezTerm"]),
    Case(.iTerm, ["TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app", "COLORTERM": "truecolor"]),
    Case(.iTerm, ["TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"]),
  ])
  func styles(_ c: Case) { #expect(TerminalStyle(environment: { c.environment[$0] }) == c.style, "\(c.environment)") }

  @Test func layoutsFit() {
    func layout(_ size: Int, _ count: Int, _ columns: Int, _ lines: Int) -> [Int] {
      let l = TerminalLayout(width: size, height: size, count: count, columns: columns, lines: lines)
      return [l.across, l.down, l.divisor, l.columns, l.lines]
    }
    #expect(layout(28, 1, 80, 24) == [1, 1, 1, 28, 14])
    // 79 columns hold two pictures of 28, 22 lines one.
    #expect(layout(28, 16, 80, 24) == [2, 1, 1, 56, 14])
    #expect(layout(28, 16, 200, 60) == [7, 3, 1, 196, 42])
    #expect(layout(28, 3, 200, 60) == [3, 1, 1, 84, 14])
    // 256 pixels in 44 half lines: every sixth.
    #expect(layout(256, 16, 80, 24) == [1, 1, 6, 43, 22])
    #expect(layout(5, 1, 80, 24) == [1, 1, 1, 5, 3])
    #expect(layout(28, 4, 1, 1) == [1, 1, 28, 1, 1])
    for (columns, lines) in [(10, 3), (40, 12), (80, 24), (131, 57)] {
      for size in [1, 7, 28, 64, 255] {
        for count in [1, 2, 5, 64] {
          let l = TerminalLayout(width: size, height: size, count: count, columns: columns, lines: lines)
          #expect(l.columns < columns && l.lines <= lines - 2, "\(size) \(count) \(columns) \(lines)")
        }
      }
    }
  }

  @Test func shrinkingTakesMeans() {
    let picture = Picture(width: 3, height: 3, channels: 1, pixels: [0, 10, 20, 30, 41, 60, 7, 8, 255])
    // (0 + 10 + 30 + 41) / 4, (20 + 60) / 2, (7 + 8) / 2, 255.
    #expect(picture.shrunk(by: 2) == Picture(width: 2, height: 2, channels: 1, pixels: [20, 40, 8, 255]))
    #expect(picture.shrunk(by: 1) == picture)
    let colours = Picture(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 5, 6, 7])
    #expect(colours.shrunk(by: 9) == Picture(width: 1, height: 1, channels: 3, pixels: [3, 4, 5]))
  }

  @Test func cutting() throws {
    let column = Picture(width: 2, height: 4, channels: 1, pixels: [1, 2, 3, 4, 5, 6, 7, 8])
    let halves = [[1, 2, 3, 4], [5, 6, 7, 8]].map { Picture(width: 2, height: 2, channels: 1, pixels: $0) }
    #expect(column.cut(toHeight: 2) == halves)
    #expect(try grid(halves, columns: 1) == column)
  }
}
