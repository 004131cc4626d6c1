/// A shell that can complete command lines.
public enum Shell: String, Sendable, CaseIterable {
  /// The GNU project's.
  case bash
  /// The Z shell.
  case zsh
  /// The friendly interactive shell.
  case fish
}

/// A script that tells a shell how to complete command lines of a program, made of the table that parsing and help use.
///
/// - Parameter shell: the shell that is to read it.
public func completions(for shell: Shell, of program: Program) -> String {
  switch shell {
  case .bash: bashCompletions(program)
  case .zsh: zshCompletions(program)
  case .fish: fishCompletions(program)
  }
}
