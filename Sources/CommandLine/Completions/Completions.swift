/// A shell for which completions can be printed.
public enum Shell: String, Sendable, CaseIterable {
  /// GNU bash.
  case bash
  /// Z shell.
  case zsh
  /// The fish shell.
  case fish
}

/// A completion script for a program, generated from the option table.
///
/// - Parameters:
///   - shell: the shell that reads it.
///   - program: the program to complete.
public func completions(for shell: Shell, of program: Program) -> String {
  switch shell {
  case .bash: bashCompletions(program)
  case .zsh: zshCompletions(program)
  case .fish: fishCompletions(program)
  }
}
