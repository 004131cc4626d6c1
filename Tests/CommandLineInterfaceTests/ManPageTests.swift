import Testing

@testable import CommandLineInterface

struct ManPageTests {
  private let page = manPage(version: "1.2.3")

  /// This walks the table, so that a new option cannot be forgotten.
  @Test(arguments: CommandName.allCases)
  func everyOptionIsInTheManPage(command: CommandName) {
    let sections = page.split(separator: "\n.SH ")
    let heading = command == .draw ? "OPTIONS" : "\"\(shown(command).uppercased())\""
    guard let section = sections.first(where: { $0.hasPrefix(heading) }) else {
      Issue.record("there is no section \(heading)")
      return
    }
    for option in options(of: command) {
      for name in option.commands.contains(.draw) && command != .draw ? ["--\(option.names[0])"] : option.shownNames {
        #expect(section.contains("\\fB\(roff(name))\\fR"), "\(shown(command)) \(name)")
      }
    }
  }

  @Test func versionAndCommandsAreThere() {
    #expect(page.hasPrefix(".TH SAMPLE 1 \"\" \"sample 1.2.3\""))
    for command in CommandName.withVerb { #expect(page.contains("\\fB\(shown(command))\\fR")) }
  }

  @Test(arguments: [
    (".npy", "\\&.npy"), ("'a'.png", "\\(aqa\\(aq.png"), ("a.b", "a.b"), ("--steps", "\\-\\-steps"), ("a\\b", "a\\eb"),
    ("`a^~\"", "\\(gaa\\(ha\\(ti\\(dq"), ("256×256…", "256\\[u00D7]256\\[u2026]"), ("", ""),
  ])
  func whatRoffWouldTakeForCommandsIsEscaped(text: String, escaped: String) { #expect(roff(text) == escaped) }

  /// A request that is none of these would be a line of text gone wrong.
  @Test func linesAreTextOrKnownMacros() {
    let macros = ["TH", "SH", "SS", "TP", "PP", "RS", "RE", "EX", "EE", "br", "ad", "nh"]
    for line in page.split(separator: "\n") {
      if line.hasPrefix(".") { #expect(macros.contains(String(line.dropFirst().prefix(2))), "\(line)") }
      #expect(!line.hasPrefix("'"), "\(line)")
      #expect(line.utf8.allSatisfy { $0 < 128 }, "\(line)")
    }
  }
}
