/// A program that is typed by its name.
public enum Program: String, Sendable, CaseIterable {
  /// Draws, and does something else behind a verb.
  case sample
  /// Trains.
  case train

  /// What it does without a verb.
  var main: CommandName {
    switch self {
    case .sample: .draw
    case .train: .train
    }
  }

  /// What it does behind a verb.
  var verbs: [CommandName] { CommandName.allCases.filter { $0.program == self && $0 != main } }

  /// All that it does.
  var commands: [CommandName] { [main] + verbs }

  /// What it is, for the first line of its manual page.
  var summary: String {
    switch self {
    case .sample: "draw images with a diffusion model"
    case .train: "train a diffusion model"
    }
  }

  /// How it is asked for the completions of a shell.
  func asking(for shell: Shell) -> String {
    switch self {
    case .sample: "sample completions \(shell.rawValue)"
    case .train: "train --completions \(shell.rawValue)"
    }
  }
}

extension CommandName {
  /// The program that does it.
  var program: Program { self == .train ? .train : .sample }
}
