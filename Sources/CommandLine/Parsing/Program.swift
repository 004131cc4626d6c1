/// One of the programs, by the name it is typed as.
public enum Program: String, Sendable, CaseIterable {
  /// Draws images; other commands have a verb.
  case sample
  /// Trains models.
  case train

  /// The command without a verb.
  var main: CommandName {
    switch self {
    case .sample: .draw
    case .train: .train
    }
  }

  /// The commands with a verb.
  var verbs: [CommandName] { CommandName.allCases.filter { $0.program == self && $0 != main } }

  /// All commands.
  var commands: [CommandName] { [main] + verbs }

  /// A summary for the first line of its manual page.
  var summary: String {
    switch self {
    case .sample: "draw images with a diffusion model"
    case .train: "train a diffusion model"
    }
  }

  /// The command line that prints its completions for a shell.
  func asking(for shell: Shell) -> String {
    switch self {
    case .sample: "sample completions \(shell.rawValue)"
    case .train: "train --completions \(shell.rawValue)"
    }
  }
}

extension CommandName {
  /// The program that the command belongs to.
  var program: Program { self == .train ? .train : .sample }
}
