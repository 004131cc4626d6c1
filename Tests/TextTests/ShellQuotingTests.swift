import DiffusionText
import Foundation
import Testing

/// Commands that are printed to be pasted.
struct ShellWordsTests {
  static let harmless =
    ["sample", "--out=a.png", "", "my pics/a b.png", "x' ; touch PWNED ; echo '.pt", "''", "$(touch PWNED)"]
    + ["`touch PWNED`", "a\\", "\\'", "*", "~/x", "a!b", "zäh", "%d", "-n", "#x", "a=b", "x\"y", "…"]
  static let moving = ["\u{1B}[2J' ; touch PWNED", "a\nb", "\u{9B}1m\\", "\u{202E}txt.pt1", "\u{7}7", "\t"]

  /// What a shell makes of a line.
  private func words(_ line: String, _ shell: String) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: shell)
    process.arguments = ["-c", "printf '%s\\0' \(line)"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return output.split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  @Test(arguments: ["/bin/sh", "/bin/bash", "/usr/bin/zsh"].filter(FileManager.default.isExecutableFile))
  func everyWordArrivesAsItIs(shell: String) throws {
    #expect(try words(shellLine(Self.harmless), shell) == Self.harmless)
  }

  @Test func wordsThatMoveTheCursorArriveAndDoNot() throws {
    let line = shellLine(Self.moving)
    #expect(try words(line, "/bin/bash") == Self.moving)
    let moves = line.unicodeScalars.contains { $0.movesTheCursor }
    #expect(!moves)
  }

  @Test func plainWordsStayPlain() { #expect(shellLine(["sample", "-o", "a/b_1.png"]) == "sample -o a/b_1.png") }

  /// What a shell did not expand is typed so that it does; nothing else is taken for it.
  @Test(arguments: [
    ("~/x.png", "~/x.png"), ("~/my pics/x.png", "~/'my pics/x.png'"), ("~", "~"), ("~/", "~/"), ("~me/x", "~me/x"),
    ("~/$(x)", "~/'$(x)'"), ("~x.png", nil), ("a~/b", nil), ("~$(x)/y", nil), ("", nil),
  ])
  func homes(path: String, typed: String?) { #expect(homeExpanded(path) == typed) }

  @Test(arguments: [("it's", #"'it\'s'"#), (#"a\b"#, #"'a\\b'"#), ("a\n\u{202E}", #"'a\U0000000a\U0000202e'"#)])
  func stringsOfPython(text: String, quoted: String) { #expect(pythonQuoted(text) == quoted) }

  @Test(arguments: [
    ("improved-diffusion UNetModel", "an"), ("guided-diffusion", "a"), ("UNetModel", "a"), ("EncoderUNetModel", "an"),
    ("EDM", "an"), ("SR3", "an"), ("score_sde_pytorch", "a"), ("MONAI", "a"),
  ])
  func articles(name: String, article: String) { #expect(withArticle(name) == "\(article) \(name)") }

  @Test func terminalsGetTextOnly() {
    #expect(forTerminal("a\u{1B}[2J\rx\nb\u{202E}\tc\u{9B}\n") == "a\\u{1B}[2J\\rx\nb\\u{202E}\\tc\\u{009B}\n")
  }
}
