import Testing

@testable import DiffusionCommandLine

struct ManPageTests {
  private func page(_ program: Program) -> String { manPage(of: program, version: "1.2.3") }

  /// This walks the table, so that a new option cannot be forgotten.
  @Test(arguments: CommandName.allCases)
  func everyOptionIsInTheManPage(command: CommandName) {
    let sections = page(command.program).split(separator: "\n.SH ")
    let isMain = command == command.program.main
    let heading = isMain ? "OPTIONS" : "\"\(shown(command).uppercased())\""
    guard let section = sections.first(where: { $0.hasPrefix(heading) }) else {
      Issue.record("there is no section \(heading)")
      return
    }
    for option in options(of: command) {
      for name in option.commands.contains(.draw) && !isMain ? ["--\(option.names[0])"] : option.shownNames {
        #expect(section.contains("\\fB\(roff(name))\\fR"), "\(shown(command)) \(name)")
      }
    }
  }

  @Test func versionAndCommandsAreThere() {
    let sample = page(.sample)
    #expect(sample.hasPrefix(".TH SAMPLE 1 \"\" \"sample 1.2.3\""))
    for command in Program.sample.verbs { #expect(sample.contains("\\fB\(shown(command))\\fR")) }
    let train = page(.train)
    #expect(train.hasPrefix(".TH TRAIN 1 \"\" \"train 1.2.3\""))
    #expect(train.contains("\\fBtrain\\fR \\fB\\-\\-resume\\fR \\fIRUN\\fR"))
    // Neither has what is the other's.
    #expect(!train.contains("guidance\\fR") && !sample.contains("ema\\-rate"))
  }

  @Test(arguments: [
    (".npy", "\\&.npy"), ("'a'.png", "\\(aqa\\(aq.png"), ("a.b", "a.b"), ("--steps", "\\-\\-steps"), ("a\\b", "a\\eb"),
    ("`a^~\"", "\\(gaa\\(ha\\(ti\\(dq"), ("256×256…", "256\\[u00D7]256\\[u2026]"), ("", ""),
  ])
  func whatRoffWouldTakeForCommandsIsEscaped(text: String, escaped: String) { #expect(roff(text) == escaped) }

  /// A request that is none of these would be a line of text gone wrong.
  @Test(arguments: Program.allCases)
  func linesAreTextOrKnownMacros(program: Program) {
    let macros = ["TH", "SH", "SS", "TP", "PP", "RS", "RE", "EX", "EE", "br", "ad", "nh"]
    for line in page(program).split(separator: "\n") {
      if line.hasPrefix(".") { #expect(macros.contains(String(line.dropFirst().prefix(2))), "\(line)") }
      #expect(!line.hasPrefix("'"), "\(line)")
      #expect(line.utf8.allSatisfy { $0 < 128 }, "\(line)")
    }
  }
}
