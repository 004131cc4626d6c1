/// A function for `complete -F`. Needs only bash 4, not the bash-completion package.
func bashCompletions(_ program: Program) -> String {
  let name = program.rawValue
  let choice = choice(of: program.verbs) + ["case $command in"] + program.commands.flatMap(branch) + ["esac"]
  return """
    # Completions for bash, printed by: \(program.asking(for: .bash))
    _\(name)() {
      local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
      local command=\(program.main.rawValue) options='' words='' files=''
      COMPREPLY=()
      # Bash takes --name=value apart at the equals sign.
      if [[ $current == '=' ]]; then
        current=''
      elif [[ $previous == '=' ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
      fi
      # Underscores count as hyphens.
      if [[ $previous == --* ]]; then previous=${previous//_/-}; fi
    \(choice.map { "  " + $0 }.joined(separator: "\n"))
      if [[ $current == -* ]]; then
        words=$options
      elif [[ -n $files ]]; then
        # The shell's own way with files knows of spaces, quotes and home folders.
        compopt -o default
        return
      fi
      mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    }
    complete -F _\(name) \(name)

    """
}

/// Finds the command if it has a verb.
private func choice(of verbs: [CommandName]) -> [String] {
  if verbs.isEmpty { return [] }
  return [
    "if ((COMP_CWORD > 1)); then", "  case ${COMP_WORDS[1]} in",
    "  \(alternatives(verbs.map(\.rawValue)))) command=${COMP_WORDS[1]} ;;", "  esac", "fi",
  ]
}

/// Completions after a command and after each of its options.
private func branch(_ command: CommandName) -> [String] {
  let table = options(of: command)
  var lines = ["\(command.rawValue))", "  options='\(table.map { "--\($0.names[0])" }.joined(separator: " "))'"]
  switch command.operandCandidates {
  case .none: lines.append("  words=$options")
  case .words, .files: lines.append("  \(assignment(command.operandCandidates))")
  }
  if command == command.program.main && !command.program.verbs.isEmpty {
    let verbs = command.program.verbs.map(\.rawValue).joined(separator: " ")
    lines.append("  if ((COMP_CWORD == 1)); then words=\"\(verbs) $options\"; fi")
  }
  let cases = Dictionary(grouping: table.filter { $0.needsValue || $0.candidates != .none }) {
    assignment($0.candidates)
  }
  if !cases.isEmpty {
    lines.append("  case $previous in")
    for (assignment, options) in cases.sorted(by: { $0.key < $1.key }) {
      lines.append("  \(alternatives(options.flatMap(\.spellings)))) \(assignment) ;;")
    }
    lines.append("  esac")
  }
  return lines + ["  ;;"]
}

/// Makes `candidates` the completions of the current word.
private func assignment(_ candidates: Candidates) -> String {
  switch candidates {
  case .none: "return"
  case .words(let words): "words='\(words.joined(separator: " "))' files=''"
  case .files: "files=yes"
  }
}

private func alternatives(_ words: [String]) -> String { words.joined(separator: " | ") }
