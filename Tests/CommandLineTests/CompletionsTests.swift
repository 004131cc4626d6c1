import DiffusionCore
import Testing

@testable import DiffusionCommandLine

struct CompletionsTests {
  /// This walks the table, so that a new option or command cannot be forgotten.
  @Test(arguments: CommandName.allCases, Shell.allCases)
  func everyOptionIsCompleted(command: CommandName, shell: Shell) {
    let lines = part(of: completions(for: shell, of: command.program), shell, command)
    for option in options(of: command) {
      let name = option.names[0]
      let isThere =
        switch shell {
        case .bash: lines.contains { $0.contains("options='") && words($0).contains { $0 == "--\(name)" } }
        case .zsh: lines.contains { $0.contains("--\(name)[") || $0.contains("--\(name)=[") }
        case .fish: lines.contains { $0.contains(" -l \(name) ") }
        }
      #expect(isThere, "\(shell) does not know \(shown(command)) --\(name)")
    }
  }

  @Test(arguments: Shell.allCases)
  func everyCommandIsCompleted(shell: Shell) {
    let script = completions(for: shell, of: .sample)
    for verb in Program.sample.verbs.map(\.rawValue) {
      let expected =
        switch shell {
        case .bash: " \(verb) "
        case .zsh: "'\(verb):"
        case .fish: " -a \(verb) "
        }
      #expect(script.contains(expected), "\(verb)")
    }
  }

  @Test func valuesAreCompleted() {
    func candidates(_ name: String) -> Candidates? { optionTable.first { $0.names.contains(name) }?.candidates }
    #expect(candidates("sampler") == .words(SamplerInfo.all.map(\.name)))
    #expect(candidates("rng") == .words(["philox", "torch"]))
    #expect(candidates("progress") == .words(["auto", "bar", "plain", "none"]))
    #expect(candidates("noise-schedule") == .words(["linear", "cosine", "sigmoid"]))
    #expect(candidates("learn-sigma") == .words(["True", "False"]))
    for name in ["model", "out", "noise", "stats", "data", "resume-checkpoint"] { #expect(candidates(name) == .files) }
    for name in ["steps", "grid", "quiet"] { #expect(candidates(name) == Candidates.none) }
  }

  /// What is offered is understood.
  @Test func theWordsOfferedAreValues() throws {
    for option in optionTable where !option.words.isEmpty {
      let command = try #require(option.commands.first)
      // The ending of OUT counts.
      let operands = command.operands.map { $0 == "OUT" ? "OUT.pt" : $0 }
      let needed =
        switch command {
        case .train: ["--data", "pictures", "--out", "run"]
        case .score where option.names == ["resize"]: operands + ["--reference", "photos", "--inception", "i.pt"]
        case .score: ["--model", "m.pt", "--reference", "photos", "--features", "c.pt"]
        default: operands
        }
      for word in option.words { try read(needed + ["--\(option.names[0])", word], command) }
    }
  }

  @Test func quotesInTheHelpAreEscaped() {
    let zsh = completions(for: .zsh, of: .sample)
    #expect(zsh.contains(#"model'\''s own"#))
    #expect(zsh.contains(#"float32 \[N,C,H,W\], instead"#))
    #expect(completions(for: .fish, of: .sample).contains(#"model\'s own"#))
  }

  private func words(_ line: Substring) -> [Substring] { line.split { " '".contains($0) } }

  /// The lines about a command.
  private func part(of script: String, _ shell: Shell, _ command: CommandName) -> [Substring] {
    let lines = script.split(separator: "\n")
    let name = command.rawValue
    return switch shell {
    case .bash: Array(lines.drop { $0 != "  \(name))" }.prefix { $0 != "    ;;" })
    case .zsh: Array(lines.drop { $0 != "  (\(name))" }.prefix { $0 != "    ;;" })
    case .fish: lines.filter { $0.contains("'__\(command.program.rawValue)_command_is \(name)'") }
    }
  }
}
